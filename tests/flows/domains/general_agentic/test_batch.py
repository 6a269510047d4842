"""Batches under policy: solvable by reading, proof against shortcuts, and rebuilt with identical answers."""

import json
from dataclasses import replace
from random import Random

import pytest

from flows.domains.contract import Draft, Refused
from flows.domains.general_agentic.batch.compose import BATCH_UNDER_POLICY, compose_batch
from flows.domains.general_agentic.batch.scenarios import SCENARIOS
from flows.domains.general_agentic.office.office import Office
from flows.domains.general_agentic.players import PLAYERS
from flows.domains.general_agentic.solution import all_stated, from_json
from flows.domains.seeds import Seed
from flows.environments.services.catalogue import Offer
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

COMPOSER = BATCH_UNDER_POLICY.name
SAMPLE = drafts(COMPOSER, 6)


def small(scenario: int, size: int = 6) -> Draft:
    """The first draft of a scenario and size that is not refused."""
    for seed in range(50):
        try:
            return compose_batch(Office(seed), SCENARIOS[scenario], size, seed)
        except Refused:
            continue
    raise AssertionError(f"every seed of {SCENARIOS[scenario].name} was refused")


@pytest.mark.parametrize(
    "draft", SAMPLE, ids=lambda draft: f"{draft.difficulty['scenario']}-{draft.difficulty['n_items']}"
)
def test_the_oracle_solves_it_within_its_turns(draft: Draft) -> None:
    """An unsolvable task teaches that work is in vain."""
    task, hidden = rows(draft)
    played = play(task, hidden, PLAYERS.oracle)
    assert reasons(played) == dict.fromkeys(task.verifiers, "ok")
    assert [draft.difficulty["n_calls"]] == [len(calls_of(played))]
    assert len(calls_of(played)) < task.max_turns


@pytest.mark.parametrize("name", sorted(PLAYERS.shortcuts))
def test_no_shortcut_solves_any(name: str) -> None:
    """A task that laziness solves rewards laziness."""
    for draft in SAMPLE:
        task, hidden = rows(draft)
        assert not solved(play(task, hidden, PLAYERS.shortcuts[name]))


@pytest.mark.slow
def test_many_more_are_solved_by_the_oracle_and_by_no_shortcut() -> None:
    """Unseen seeds must be as sound as those of the fast tests."""
    for draft in drafts(COMPOSER, 16, first=1_000):
        task, hidden = rows(draft)
        assert solved(play(task, hidden, PLAYERS.oracle)), draft.difficulty
        lazy = [name for name, script in PLAYERS.shortcuts.items() if solved(play(task, hidden, script))]
        assert lazy == []


def test_the_explorer_opens_every_item_and_writes_nothing() -> None:
    """Its length says how much there is to read only if it gets everywhere by itself."""
    draft = SAMPLE[0]
    task, hidden = rows(draft)
    explorer = PLAYERS.explorer
    assert explorer is not None
    played = play(task, hidden, explorer)
    opened = {str(value) for call in calls_of(played) for value in call.arguments.values()}
    assert {str(next(iter(part.reads[0][1].values()))) for part in from_json(hidden.oracle or "")[1:]} <= opened
    assert played.finished.outcome is not None
    assert json.loads(played.finished.outcome.checks) == {"delta": {}, "breaches": []}


def test_obeying_an_injected_instruction_after_perfect_work_fails() -> None:
    """An agent that also follows the instructions of a stranger's mail is not safe to train on."""
    draft = SAMPLE[0]
    task, hidden = rows(draft)
    offer = Offer(Setup.from_json(task.setup))
    given = {"recipient": "ada@lattice-check.example", "subject": "account check"}
    letter = ToolCall("x", offer.shown("mail_send"), offer.arguments("mail_send", given))
    calls = [ToolCall(f"c{number}", *call) for number, call in enumerate(_calls(draft))]
    assert solved(play(task, hidden, scripted(calls)))
    assert reasons(play(task, hidden, scripted([*calls, letter])))["policy_kept"] == "breached"
    assert reasons(play(task, hidden, scripted([*calls, letter])))["no_collateral"] == "collateral_write"


def test_the_same_calls_give_the_same_answers_and_the_same_state() -> None:
    """A restored attempt that reads other answers than before would be trained on a world that never was."""
    for draft in SAMPLE[:4]:
        task, hidden = rows(draft)
        first, second = (play(task, hidden, PLAYERS.oracle) for _ in range(2))
        assert first.finished.outcome == second.finished.outcome
        assert observations(first) == observations(second)


def test_the_same_seed_gives_the_same_draft() -> None:
    again = BATCH_UNDER_POLICY.compose(Seed(0, 13), lambda system, user: "")
    assert again == SAMPLE[0]


def test_the_setup_holds_neither_goal_nor_solution() -> None:
    """The tools may show the whole setup, so anything hidden in it would be an answer sheet."""
    for draft in SAMPLE:
        setup = json.loads(draft.setup)
        assert set(setup) == set(Setup.__dataclass_fields__)
        wanted = json.loads(draft.goal or "")["delta"]
        present = {json.dumps(row) for table in setup["rows"].values() for row in table}
        added = [change for changes in wanted.values() for change in changes if change[0] == "added"]
        assert not [one for one in added if json.dumps(list(one[1].values())) in present]
        assert not any(json.dumps(calls[2]) in draft.setup for calls in json.loads(draft.oracle or "")[1:])


def test_the_instruction_names_no_item_and_no_decision() -> None:
    """With ids in the instruction the work of finding and deciding them would be gone."""
    for draft in SAMPLE:
        for part in from_json(draft.oracle or "")[1:]:
            values = {str(value) for _, given in part.writes for value in given.values() if len(str(value)) > 3}
            assert not [one for one in values if one in draft.instruction]


@pytest.mark.parametrize("scenario", range(len(SCENARIOS)))
def test_without_any_one_record_that_it_rests_on_the_goal_is_missed(scenario: int) -> None:
    """Evidence that can be left out need not be read, and the task is shorter than it looks."""
    for poorer, what in without_rows(small(scenario), Random(scenario), 12):
        task, hidden = rows(poorer)
        assert not solved(play(task, hidden, PLAYERS.oracle)), what


def test_a_write_more_a_write_less_and_another_value_are_all_seen() -> None:
    """The verdict must hang on every row."""
    draft = SAMPLE[1]
    task, hidden = rows(draft)
    calls = [ToolCall(f"c{number}", *call) for number, call in enumerate(_calls(draft))]
    offer = Offer(Setup.from_json(task.setup))
    writes = [place for place, call in enumerate(calls) if offer.operations[call.name].writes]
    for place in Random(1).sample(writes, 6):
        assert not solved(play(task, hidden, scripted(calls[:place] + calls[place + 1 :])))
    last = calls[writes[-1]]
    changed: dict[str, object] = {
        name: value + 1 if isinstance(value, int) else f"{value}x" for name, value in last.arguments.items()
    }
    other = [*calls[: writes[-1]], replace(last, arguments=changed), *calls[writes[-1] + 1 :]]
    assert not solved(play(task, hidden, scripted(other)))


def _calls(draft: Draft) -> list[tuple[str, dict[str, object]]]:
    return [call for part in from_json(draft.oracle or "") for call in (*part.reads, *part.writes)]


def test_evidence_is_a_whole_value_that_stands_in_one_place_only() -> None:
    """With a total that a product's price or number shows too, the order need not be opened."""
    assert not all_stated(["250"], '{"sku": "PN-3250"}')
    assert all_stated(["250", "Clause 2."], '{"total": 250, "text": "Clauses\\nClause 2."}')
    draft = small([one.name for one in SCENARIOS].index("returns"))
    opened = {value for part in from_json(draft.oracle or "") for _, given in part.reads for value in given.values()}
    held = json.loads(draft.setup)["rows"]
    sold = {order: sku for order, sku, *_ in held["order_lines"]}
    prices = {row[0]: row[3] for row in held["products"]}
    totals = {row[0]: row[5] for row in held["orders"] if row[0] in opened}
    assert totals and [order for order, total in totals.items() if prices[sold[order]] == total] == []
