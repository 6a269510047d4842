"""Frames: messages appended without the renderer have the renderer's own ids, whatever their text."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.environments.tool import ToolSpec
from flows.rollout.dialects.chat import SAME_OPENINGS, ChatDialect
from flows.rollout.dialects.frames import Frames
from flows.rollout.protocol import Completion, Extension, Message
from tests.doubles.teachers import tiny_tokenizer as tiny

DIALECT = ChatDialect(tiny.tiny_tokenizer(), "qwen3")
TURN = [*tiny.encode("<think>\nhm\n</think>\n\nLook."), tiny.IM_END]
PROMPT = tiny.encode("<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n")
TEXTS = st.text(max_size=40) | st.text(st.sampled_from("<|im_end>/tool_cal \n\r\t\ufdd0é🙂1."), max_size=40)
STOP = 1
TOOLS = [ToolSpec("search", "Search.", {"type": "object", "properties": {"query": {"type": "string"}}})]
OPENED: dict[bool, Extension | None] = {False: None, True: None}
"""The last opening without and with tools."""


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.sampled_from(["tool", "instruction"]))
async def test_framed_messages_have_the_renderers_ids(text: str, kind: str) -> None:
    """Other ids would be a prompt that no template writes: the model never saw such text in training."""
    message = Message("tool", text, "search", "call_1") if kind == "tool" else Message("tool", text)
    rows = DIALECT._rows([message])
    stream = [*PROMPT, *TURN]
    framed = await DIALECT.extend(stream, Completion(TURN, [-0.5] * len(TURN), "stop", PROMPT), [message])
    rendered = DIALECT._appender._rendered(PROMPT, TURN, rows)
    assert (framed.pieces, framed.cue) == (rendered.pieces, rendered.cue)


@settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))
@given(TEXTS)
async def test_openings_that_recur_have_the_renderers_ids(text: str) -> None:
    """An opening with the ids of another system prompt or other tools would be another task's."""
    messages = [Message("system", "Be careful."), Message("user", text)]
    for tools in ([], TOOLS):
        for _ in range(SAME_OPENINGS if not OPENED[bool(tools)] else 1):
            OPENED[bool(tools)] = opened = await DIALECT.open(messages, tools)
        rendered = DIALECT._opened(DIALECT._rows(messages), tools)
        assert opened == rendered


def rows(*texts: str, call: str = "call") -> list[dict[str, Any]]:
    return [{"role": "tool", "content": text, "tool_call_id": f"{call}_{at}"} for at, text in enumerate(texts)]


def frames() -> Frames:
    return Frames(lambda text: list(text.encode()), lambda ids: bytes(ids).decode(), lambda text: text, [STOP])


@pytest.mark.parametrize(
    "written",
    [
        lambda row: f"{row['tool_call_id']}:{row['content']}",
        lambda row: row["content"].strip(),
        lambda row: row["content"].replace("1", "one"),
    ],
    ids=["with the call's id", "stripped", "changed"],
)
def test_what_depends_on_more_than_the_text_is_left_to_the_renderer(written: Any) -> None:
    """A frame would write the first call's id, or the blanks that the template drops, into every later prompt."""

    def append(some: list[dict[str, Any]]) -> list[Extension]:
        return [Extension([[STOP, *written(row).encode(), STOP] for row in some], [STOP])]

    assert frames().extension(STOP, rows("a page"), append) is None


def test_a_turn_that_changes_what_follows_it_is_left_to_the_renderer() -> None:
    def append(some: list[dict[str, Any]]) -> list[Extension]:
        pieces = [[STOP, *row["content"].encode(), STOP] for row in some]
        return [Extension(pieces, [STOP]), Extension(pieces, [STOP, STOP])]

    assert frames().extension(STOP, rows("a page"), append) is None


def test_several_messages_are_framed_once_they_have_recurred() -> None:
    """The search for a frame costs as much as a hundred turns, and combinations of tools are many."""
    asked: list[int] = []

    def append(some: list[dict[str, Any]]) -> list[Extension]:
        asked.append(len(some))
        return [Extension([[STOP, *f"> {row['content']}".encode(), STOP] for row in some], [STOP])]

    found = frames()
    made = [found.extension(STOP, rows(f"page {at}", "other"), append) for at in range(34)]
    assert made[0] is None and made[31] is None
    assert made[33] == Extension([[STOP, *b"> page 33", STOP], [STOP, *b"> other", STOP]], [STOP])
    before = len(asked)
    found.extension(STOP, rows("page", "other"), append)
    assert len(asked) == before, "the renderer was asked again"
