"""Chains of tools: every call is needed, later steps need earlier ones, and no shortcut leads there."""

import json
import re
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from flows.domains.contract import Draft
from flows.domains.general_agentic.chain.compose import LONGEST, SHORTEST, TOOL_CHAIN
from flows.domains.general_agentic.players import PLAYERS
from flows.domains.general_agentic.solution import calls, from_json
from flows.environments.services import Services
from flows.environments.services.setup import Setup
from flows.environments.tool import ToolCall
from tests.flows.domains.general_agentic.playing import (
    calls_of,
    drafts,
    observations,
    play,
    reasons,
    rows,
    scripted,
    solved,
)
from tests.flows.domains.general_agentic.resting import without_rows

SAMPLE = sorted(drafts(TOOL_CHAIN.name, 10), key=lambda draft: int(str(draft.difficulty["n_calls"])))
FREE = {"page", "part", "status", "day"}


@pytest.mark.parametrize("draft", SAMPLE, ids=lambda draft: str(draft.difficulty["n_calls"]))
def test_the_oracle_solves_it_and_shortcuts_do_not(draft: Draft) -> None:
    task, hidden = rows(draft)
    played = play(task, hidden, PLAYERS.oracle)
    assert reasons(played) == dict.fromkeys(task.verifiers, "ok")
    chains = int(str(draft.difficulty["n_chains"]))
    assert SHORTEST * chains <= len(calls_of(played)) <= LONGEST * chains
    again = play(task, hidden, PLAYERS.oracle)
    assert (observations(again), again.finished.outcome) == (observations(played), played.finished.outcome)
    lazy = [name for name, script in PLAYERS.shortcuts.items() if solved(play(task, hidden, script))]
    assert lazy == []


def still_possible(draft: Draft, solution: Sequence[tuple[str, dict[str, Any]]]) -> list[ToolCall]:
    """The calls that an agent can still make: each value stands in the instruction, in a schema or in an answer."""
    setup = Setup.from_json(draft.setup)
    world, possible = Services(setup), list[ToolCall]()
    known = draft.instruction + json.dumps([setup.choices["order_status"], setup.choices["decision"]])
    free = {world.offer.field(name) for name in FREE}
    for number, (name, arguments) in enumerate(solution):
        given = [str(value) for argument, value in arguments.items() if argument not in free]
        if all(re.search(rf"(?<!\w){re.escape(one)}(?!\w)", known) for one in given):
            possible.append(ToolCall(f"c{number}", name, arguments))
            known += world.act(possible[-1]).text
    world.close()
    return possible


@pytest.mark.parametrize("draft", SAMPLE[:2], ids=lambda draft: str(draft.difficulty["n_calls"]))
def test_without_any_one_call_the_goal_is_missed_or_a_comparison_lacks_a_value(draft: Draft) -> None:
    """A call that can be left out is padding."""
    task, hidden = rows(draft)
    parts = from_json(draft.oracle or "")
    solution = list(calls(parts))
    assert solved(play(task, hidden, scripted(still_possible(draft, solution))))
    for place, part in enumerate(parts):
        played = play(task, hidden, scripted(still_possible(draft, solution[:place] + solution[place + 1 :])))
        seen = "\n".join(observations(played))
        assert not solved(played) or not all(value in seen for value in part.expects), solution[place]


def test_records_are_compared_before_one_is_chosen() -> None:
    """Chains that only follow references need no reading of several records before a write."""
    compared = [draft for draft in SAMPLE if "with the highest" in draft.instruction]
    assert len(compared) >= len(SAMPLE) // 2


def test_without_any_one_record_that_it_rests_on_the_goal_is_missed() -> None:
    for draft in SAMPLE[:3]:
        for poorer, what in without_rows(draft, Random(1), 5):
            task, hidden = rows(poorer)
            assert not solved(play(task, hidden, PLAYERS.oracle)), what


def test_later_steps_need_earlier_ones() -> None:
    """Conditions and created records join the steps; a list of unrelated errands is no chain."""
    texts = [draft.instruction for draft in SAMPLE]
    names = [[call[0] for call in calls(from_json(draft.oracle or ""))] for draft in SAMPLE]
    assert any("that you made in step" in text for text in texts)
    assert len({len(one) for one in names}) > 4


def test_the_same_seed_gives_the_same_draft() -> None:
    assert drafts.__wrapped__(TOOL_CHAIN.name, 3) == drafts(TOOL_CHAIN.name, 10)[: len(drafts(TOOL_CHAIN.name, 3))]
