"""Turns become steps: each result stands with its call, and log-probabilities become shades."""

import json
import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from flows.view.shades import CELLS, confidence
from flows.view.steps import steps


def turn(index: int, role: str, **values: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"tool_calls": None, "tool_call_id": None, "copy_of": None, "segment": 0}
    usual |= {"logprobs": [], "sampled_ids": []}
    return {"index": index, "role": role} | usual | values


def called(*ids: str) -> str:
    return json.dumps([{"id": id, "name": "search", "arguments": {"query": id}} for id in ids])


def test_results_stand_with_their_calls_in_any_order() -> None:
    """A result under another call makes a reader blame the wrong one."""
    turns = [
        turn(0, "user"),
        turn(1, "assistant", tool_calls=called("a", "b")),
        turn(2, "tool", tool_call_id="b"),
        turn(3, "tool", tool_call_id="a"),
        turn(4, "tool", tool_call_id="c"),
        turn(5, "assistant", segment=1),
    ]
    made = list(steps(turns, [{"parent_call_id": "b", "trajectory_id": "child"}]))
    assert [one.turn["index"] for one in made] == [0, 1, 5]
    assert [call.result and call.result["index"] for call in made[1].calls] == [3, 2]
    assert [row["index"] for row in made[1].others] == [4]
    assert [len(call.children) for call in made[1].calls] == [0, 1]
    assert [one.opens_segment for one in made] == [False, False, True]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=30))
def test_every_turn_is_shown_exactly_once(shape: list[tuple[bool, int]]) -> None:
    """A turn that no step holds is missing from the page without a trace."""
    turns = []
    for number, (is_tool, id) in enumerate(shape):
        calls = called(*map(str, range(id)))
        turns.append(
            turn(number, "tool", tool_call_id=str(id)) if is_tool else turn(number, "assistant", tool_calls=calls)
        )
    shown = []
    for one in steps(turns):
        shown += [one.turn, *(call.result for call in one.calls if call.result), *one.others]
    assert sorted(row["index"] for row in shown) == list(range(len(turns)))


def test_calls_that_do_not_parse_are_shown_as_text() -> None:
    for text in ("not json", "[1]", '{"id": 1}', '[{"id": "a"}]'):
        [step] = steps([turn(0, "assistant", tool_calls=text)])
        assert [call.arguments for call in step.calls] == [text]


@given(st.lists(st.floats(-30, 0), min_size=1, max_size=500))
def test_shades_hold_the_least_probable_token_of_their_share(logprobs: list[float]) -> None:
    """A strip that averages hides the one token at which the agent went wrong."""
    found = confidence(logprobs)
    assert found is not None
    assert len(found.cells) <= CELLS
    assert (max(found.cells) == 5) == (math.exp(min(logprobs)) < 0.1)
    assert found.tokens == len(logprobs)
    assert confidence([]) is None
