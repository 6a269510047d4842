"""Trainers that bring their own chat templates, with another family than Qwen: Llama 3.

The expected text is the released messages in the format of Meta's model card, with the trainers' own format for
several calls or observations in one turn, which the card does not define. No other library renders it.
"""

import json
import re
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path

import pytest

from flows.publish.views.llama_factory import OBSERVATION_SEPARATOR
from tests.trainers.loading import TOOLS, Row, loaded, needs_trainers, released

pytestmark = [needs_trainers, pytest.mark.slow]
TURN = re.compile(r"<\|start_header_id\|>(\w+)<\|end_header_id\|>\n\n(.*?<\|eot_id\|>)", re.DOTALL)
Wrote = tuple[str, str]
"""The name in a turn's header, and the turn."""


def swift_turns(messages: list[Row]) -> Iterator[Wrote]:
    """ms-swift: each observation is a turn; calls are one per line, directly after the text beside them."""
    for message in messages:
        text = thought(message) + (message["content"] or "")
        yield message["role"], text + "\n".join(map(written, calls(message)))


def factory_turns(messages: list[Row]) -> Iterator[Wrote]:
    """LLaMA-Factory: the observations of one turn are joined to one, as for every template; so are its calls."""
    for role, group in groupby(messages, lambda message: str(message["role"])):
        turns = list(group)
        if role == "tool":
            yield "ipython", OBSERVATION_SEPARATOR.join(message["content"] for message in turns)
            continue
        for message in turns:
            made = [written(call) for call in calls(message)]
            content = (message["content"] or "") + ("\n\n" if message["content"] and made else "")
            yield role, thought(message) + content + (made[0] if len(made) == 1 else listed(made))


@pytest.mark.parametrize(
    ("view", "trainer", "turns", "asked_in"),
    [("ms-swift", "ms_swift", swift_turns, 1), ("llama-factory", "llama_factory", factory_turns, 0)],
)
def test_under_llama3_the_agents_turns_are_trained_and_nothing_else(
    release: Path, view: str, trainer: str, turns: Callable[[list[Row]], Iterator[Wrote]], asked_in: int
) -> None:
    """A view that fits one model family only would train another on unknown tags, or lose its calls."""
    rows = released(release)
    assert any(len(calls(message)) > 1 for row in rows for message in row["messages"])
    for row, seen in zip(rows, loaded(release, view, trainer, "llama3", "llama3"), strict=True):
        expected = [(role, f"{text}<|eot_id|>") for role, text in turns(row["messages"])]
        made = TURN.findall(seen["text"].replace("\u200b", ""))
        assert seen["text"].replace("\u200b", "") == "<|begin_of_text|>" + "".join(map(whole, made))
        offered = made[asked_in][1]
        assert all(json.dumps(tool, ensure_ascii=False, indent=4) in offered for tool in TOOLS)
        assert said_in(expected[asked_in]) in offered
        assert made[:asked_in] + made[asked_in + 1 :] == expected[:asked_in] + expected[asked_in + 1 :]
        assert seen["trained"].replace("\u200b", "") == "".join(text for role, text in expected if role == "assistant")


def whole(turn: Wrote) -> str:
    return "<|start_header_id|>{}<|end_header_id|>\n\n{}".format(*turn)


def said_in(turn: Wrote) -> str:
    return turn[1].removesuffix("<|eot_id|>")


def thought(message: Row) -> str:
    return f"<think>\n{message['reasoning_content']}\n</think>\n\n" if message["reasoning_content"] else ""


def calls(message: Row) -> list[Row]:
    return list(json.loads(message["tool_calls"] or "[]"))


def written(call: Row) -> str:
    """A call in Llama 3's format."""
    return json.dumps({"name": call["name"], "parameters": call["arguments"]}, ensure_ascii=False)


def listed(made: list[str]) -> str:
    return f"[{', '.join(made)}]" if made else ""
