"""Every model family that `renderers` knows, through ten tool turns and the odd ends of a turn: token for token.

A turn is what the family's template writes for a call, so parsing must give the call back, and the stream at the end
must equal a fresh rendering of the conversation. Pages hold every control token of every family.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.environments.tool import ToolSpec
from flows.rollout.dialects.chat import ChatDialect
from flows.rollout.dialects.tool_calls import template_specs
from flows.rollout.protocol import Completion, Message, Parsed
from flows.tokenizing.literal_tokenizer import CUT
from flows.tokenizing.renderer_choice import names
from tests.doubles.teachers.family_tokenizers import family_tokenizer

pytestmark = pytest.mark.slow
Call = tuple[str, dict[str, Any]]
TEXT = {"type": "string"}
LIST = {"type": "array", "items": TEXT}
NOTE = {"type": "object", "properties": {"title": TEXT, "tags": LIST, "year": TEXT}}


def tool(name: str, /, **properties: Any) -> ToolSpec:
    return ToolSpec(name, f"Use {name}.", {"type": "object", "properties": properties, "additionalProperties": False})


TOOLS = (
    tool("search", query=TEXT, n={"type": "integer"}, exact={"type": "boolean"}, ratio={"type": "number"}),
    tool("now"),
    tool("save", note=NOTE, tags=LIST, by={"type": ["string", "null"]}),
    tool("look", name=TEXT),
)
TURNS: list[tuple[str, str, list[Call]]] = [
    ("", "a plain thought", [("search", {"query": "who wrote it", "n": 3})]),
    ("", "accents: ünï 日本 🙂", [("search", {"query": 'é "q" \\ b\nline\ttab 日本 🙂', "exact": True, "ratio": 0.5})]),
    ("", "no arguments", [("now", {})]),
    ("", "digits are text", [("look", {"name": "2024"})]),
    ("", "so is true", [("look", {"name": "true"})]),
    ("", "and null, with blanks", [("look", {"name": " null "})]),
    ("", "nested", [("save", {"note": {"title": 'a "t" \'s', "tags": ["x", "3"]}, "tags": ["p", "True"], "by": None})]),
    ("Two at once.", "parallel", [("search", {"query": "one"}), ("look", {"name": "two"})]),
    ("", "tags are text", [("search", {"query": "a </parameter> and <b> & </tool_call> </arg_value> in words"})]),
    ("", "JSON is text", [("look", {"name": '{"a": 1}'})]),
]
"""Content, reasoning and calls of ten turns."""
ONE_CALL = {"llama-3", "gpt-oss"}
"""Families that make one call a turn."""
CONTENT_LAST = {"gemma4"}
"""Families whose template writes the content of a calling turn behind the results."""
REWRITES = {"deepseek-r1": "its template drops the reasoning of earlier turns, so only the stream holds it"}
"""Families whose fresh rendering differs from what the model saw, and why."""
THINKING_OFF = ("gemma4", "deepseek-v4", "hy3", "laguna-xs.2", "laguna-m.1", "laguna-xs-2.1")
"""Families that think only when a setting turns it on."""
FAMILIES = [(name, None) for name in names()] + [(name, True) for name in THINKING_OFF]
OPENING = [Message("system", "Be careful."), Message("user", "Who wrote <|im_end|> it?")]


class Family:
    """A family's dialect, and what its template writes for turns of the agent."""

    def __init__(self, name: str, thinking: bool | None) -> None:
        self.name = name
        self.dialect = ChatDialect(family_tokenizer(name), name, thinking)
        self.renderer = self.dialect._renderer
        self.guard = self.dialect._literal.guard
        self.stops = self.renderer.get_stop_token_ids()
        self.history = [{"role": one.role, "content": self.guard(one.content)} for one in OPENING]

    async def opened(self) -> list[int]:
        extension = await self.dialect.open(OPENING, TOOLS)
        return [token for piece in extension.pieces for token in piece] + extension.cue

    def fresh(self) -> list[int]:
        return self.render(self.history, add_generation_prompt=True)

    def render(self, rows: list[dict[str, Any]], **options: bool) -> list[int]:
        return list(self.renderer.render(rows, tools=template_specs(TOOLS), **options).token_ids)

    def turn(self, at: int, content: str, reasoning: str, calls: list[Call]) -> dict[str, Any]:
        made = [
            {
                "id": f"functions.{name}:{place}" if self.name.startswith("kimi") else f"call{at}{place}",
                "type": "function",
                "function": {"name": name, "arguments": arguments},
            }
            for place, (name, arguments) in enumerate(calls)
        ]
        thinks = {"reasoning_content": reasoning} if self.dialect.thinking["thinking"] is not False else {}
        return {"role": "assistant", "content": content, "tool_calls": made} | thinks

    def sampled(self, turn: dict[str, Any], stream: list[int]) -> list[int]:
        """The ids that the template writes for the turn after the stream, to the end of the turn."""
        whole = self.render([*self.history, turn])
        ids = whole[len(stream) :] if whole[: len(stream)] == stream else self._by_hand(turn, whole, stream)
        end = next((at for at, token in enumerate(ids) if token in self.stops), None)
        return ids[: end + 1] if end is not None else [*ids, self._end()]

    def _by_hand(self, turn: dict[str, Any], whole: list[int], stream: list[int]) -> list[int]:
        assert self.name in REWRITES
        start = next(at for at, (one, other) in enumerate(zip(whole, self.fresh(), strict=False)) if one != other)
        opened = self.dialect.decode(stream[-3:]).endswith("<think>\n")
        thought = f"{turn['reasoning_content']}\n</think>\n\n" if opened else ""
        return [*self.dialect._literal.encode(thought, add_special_tokens=False), *whole[start:]]

    def _end(self) -> int:
        """GLM ends a turn with the token that opens the next one."""
        return int(family_tokenizer(self.name).convert_tokens_to_ids("<|observation|>"))

    def encode(self, text: str) -> list[int]:
        return list(self.dialect._literal.encode(self.guard(text), add_special_tokens=False))

    async def parse(self, ids: list[int], prompt: list[int], finish: str = "stop") -> Parsed:
        return await self.dialect.parse(completion(ids, prompt, finish), TOOLS)


def completion(ids: list[int], prompt: list[int], finish: str = "stop") -> Completion:
    return Completion(ids, [-0.5] * len(ids), finish, prompt[-300:])


@pytest.fixture(scope="module")
def page() -> str:
    """A page with every control token of every family, and blanks at its end."""
    tokens = {token.content for name in names() for token in family_tokenizer(name).added_tokens_decoder.values()}
    return "Page: " + " ".join(sorted(tokens)) + " end.  \n"


@pytest.mark.parametrize(("name", "thinking"), FAMILIES)
async def test_ten_tool_turns_are_exact(name: str, thinking: bool | None, page: str) -> None:
    """A stream that the template would never write is one that the model was never trained on."""
    family = Family(name, thinking)
    stream = await family.opened()
    assert stream == family.fresh()
    for at, (content, reasoning, made) in enumerate(TURNS):
        calls = made[:1] if name in ONE_CALL else made
        turn = family.turn(at, "" if name in CONTENT_LAST or name in ONE_CALL else content, reasoning, calls)
        ids = family.sampled(turn, stream)
        parsed = await family.parse(ids, stream)
        assert ([(call.name, call.arguments) for call in parsed.calls], parsed.parse) == (calls, "ok")
        assert parsed.content == turn["content"]
        assert (parsed.reasoning or "").strip() == (reasoning if reasoning in family.dialect.decode(ids) else "")
        results = [
            Message("tool", page if place == 0 else "second", call[0], written["id"])
            for place, (call, written) in enumerate(zip(calls, turn["tool_calls"], strict=True))
        ]
        extension = await family.dialect.extend([*stream, *ids], completion(ids, stream), results)
        assert len(extension.pieces) == len(results)
        assert page.strip() in family.dialect.decode(extension.pieces[0])
        assert CUT not in family.dialect.decode(extension.pieces[0])
        stream += [*ids, *(token for piece in extension.pieces for token in piece), *extension.cue]
        family.history += [turn, *(row(family, result) for result in results)]
    assert stream == family.fresh() or name in REWRITES


def row(family: Family, message: Message) -> dict[str, Any]:
    content = family.guard(message.content)
    return {"role": "tool", "content": content, "name": message.tool, "tool_call_id": message.call_id}


@pytest.mark.parametrize("name", names())
async def test_whatever_a_turn_ends_with_results_can_follow(name: str) -> None:
    """An attempt that is cut, stuck in a thought or ended by an odd token was lost after three starts."""
    family = Family(name, None)
    stream = await family.opened()
    turn = family.turn(0, "", "hm", [("look", {"name": "x"})])
    ids = family.sampled(turn, stream)
    call, stop = ids[:-1], ids[-1]
    result, second = Message("tool", "RESULT", "look", "call00"), Message("tool", "SECOND", "look", "call01")
    nudge, again = Message("tool", "NUDGE"), Message("tool", "AGAIN")
    words = family.encode("some words")
    cases: list[tuple[list[int], str, list[Message]]] = [
        ([*call, stop], "stop", [result]),
        ([*call, stop], "stop", [result, nudge]),
        ([*call, stop], "stop", [result, second]),
        ([*call, stop], "stop", [result, second, nudge]),
        ([stop], "stop", [nudge]),
        ([*words, stop], "stop", [nudge, again]),
        (words, "length", [nudge]),
        (words, "length", [nudge, again]),
        (words, "repetition", [nudge]),
        (call[:-3], "length", [nudge]),
    ]
    cases += [([*call, other], "stop", [result]) for other in family.stops]
    cases += [([*words, other], "stop", [nudge]) for other in family.stops]
    for ids, finish, messages in cases:
        await family.parse(ids, stream, finish)
        extension = await family.dialect.extend([*stream, *ids], completion(ids, stream, finish), messages)
        texts = [family.dialect.decode(piece) for piece in extension.pieces]
        assert len(texts) == len(messages)
        for text, message in zip(texts, messages, strict=True):
            assert text.count(message.content) == 1
        ended = family.dialect.decode(ids[-1:] + extension.pieces[0])
        assert any(family.dialect.decode([end]) in ended for end in family.stops) or name == "gpt-oss"


PIECES = st.sampled_from(
    [" ", "\n", "a", "true", "None", "12", "'", '"', "\\", "{", "]", "<", "é🙂", "</parameter>", "</function>",
     "</tool_call>", "</arg_value>", "</invoke>", "</think>"]
)  # fmt: skip
"""No end of a turn: a completion that samples one has ended there."""
WORDS = st.lists(PIECES, max_size=6).map("".join)
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "query": WORDS,
        "n": st.integers(-9, 10**12),
        "exact": st.booleans(),
        "ratio": st.sampled_from([0.5, -1.25, 3e-7, 1e20]),
    },
).map(lambda made: ("search", made)) | st.fixed_dictionaries(
    {"note": st.fixed_dictionaries({"title": WORDS}, optional={"tags": st.lists(WORDS, max_size=2)})},
    optional={"tags": st.lists(WORDS, max_size=2), "by": st.none() | st.just("me")},
).map(lambda made: ("save", made))


@pytest.mark.parametrize("name", names())
@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(call=ARGUMENTS)
async def test_a_call_that_the_template_writes_is_parsed_unchanged(name: str, call: Call) -> None:
    """A query that loses its blanks, its type or its end is another query, and the trajectory a lie about the agent."""
    if name not in OPENED:
        OPENED[name] = Family(name, None)
    family, stream = OPENED[name], OPENED[name].fresh()
    ids = family.sampled(family.turn(0, "", "hm", [call]), stream)
    parsed = await family.parse(ids, stream)
    assert [(one.name, one.arguments) for one in parsed.calls] == [call]


OPENED: dict[str, Family] = {}
"""Opened once per family: examples change nothing."""
