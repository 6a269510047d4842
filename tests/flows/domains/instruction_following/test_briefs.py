"""Briefs: solvable by reading, by no shortcut; each constraint bites, each fact is true, each rule is in a document."""

import json
import re
from dataclasses import replace

import pytest

from flows.domains.contract import Draft, Play
from flows.domains.instruction_following.composing.composers import of_handbooks
from flows.domains.instruction_following.composing.plain import plain_deliveries
from flows.domains.instruction_following.composing.prove import satisfied
from flows.domains.instruction_following.families import FAMILIES
from flows.domains.instruction_following.families.delivery import Delivery
from flows.domains.instruction_following.families.outline import Outline
from flows.domains.instruction_following.players import PLAYERS
from flows.domains.instruction_following.players.readers import write_all
from flows.domains.seeds import Seed
from flows.environments.tool import ToolCall
from flows.tasks.probes.canary import leak
from schemas.task import Hidden, Task
from tests.flows.domains.instruction_following.playing import constraints, drafts, play, reasons, rows, texts

SAMPLE = drafts(4)


def solution(draft: Draft) -> Delivery:
    """The delivery of the hidden solution."""
    known = json.loads(draft.oracle or "{}")
    return Delivery(known["files"], known["message"])


def dropped(draft: Draft, place: int) -> Delivery:
    """The delivery of a writer that forgets one constraint."""
    chosen = constraints(draft)
    outline = Outline(chosen[0].goal["report"])
    for one in sorted(chosen[:place] + chosen[place + 1 :], key=lambda one: (FAMILIES[one.family].phase, one.family)):
        FAMILIES[one.family].write(outline, one.goal)
    return outline.delivery()


def test_the_oracle_solves_it_within_its_turns_and_no_shortcut_does() -> None:
    """An unsolvable task teaches that work is in vain; one that laziness solves rewards laziness."""
    for draft in SAMPLE:
        played = play(draft, PLAYERS.oracle)
        assert set(reasons(played).values()) == {"ok"}
        assert played.judgements["constraints_satisfied"].score == 1
        assert played.finished.trajectory.n_turns < rows(draft)[0].max_turns
        lazy = [name for name, policy in PLAYERS.shortcuts.items() if play(draft, policy).solved([])]
        assert lazy == []


def test_a_task_has_six_to_twelve_constraints_of_which_four_must_be_read() -> None:
    """With fewer, the long documents are there for show."""
    for draft in SAMPLE:
        assert 6 <= len(constraints(draft)) <= 12
        assert int(str(draft.difficulty["n_must_read"])) >= 4
        ruled = [name for name, text in texts(draft).items() if "**House rule" in text]
        assert 2 <= len(ruled) <= 5


def test_no_plain_text_satisfies_a_constraint_and_a_forgotten_one_is_named() -> None:
    """A constraint that every text satisfies adds to the score and teaches nothing."""
    for draft in SAMPLE:
        chosen, whole = constraints(draft), solution(draft)
        for delivery in plain_deliveries(draft.instruction, texts(draft), list(whole.files)):
            assert not [one.family for one in chosen if satisfied(delivery, one)]
        assert not [one.family for place, one in enumerate(chosen) if satisfied(dropped(draft, place), one)]
        place = len(chosen) // 2
        partial = dropped(draft, place)

        def deliver(task: Task, hidden: Hidden | None, given: Delivery = partial) -> Play:
            yield from write_all(dict(given.files))
            return given.message

        played = play(draft, deliver)
        assert played.judgements[f"follows_{chosen[place].family}"].reason == "missed"
        assert re.fullmatch(r"missed_\w+", played.judgements["constraints_satisfied"].reason)
        assert 0 < (played.judgements["constraints_satisfied"].score or 0) < 1


def test_without_any_one_page_the_oracle_is_lost() -> None:
    """Evidence that can be left out need not be read."""
    draft = SAMPLE[0]
    setup = json.loads(draft.setup)
    for name in {name for name, _ in json.loads(draft.oracle or "{}")["evidence"]}:
        poorer = [one | {"text": "## Empty"} if one["name"] == name else one for one in setup["documents"]]
        assert not play(replace(draft, setup=json.dumps({"documents": poorer})), PLAYERS.oracle).solved([])


def test_the_same_seed_gives_the_same_draft_and_no_hidden_value_is_shown() -> None:
    again = of_handbooks(Seed(1, 7_919 + 13), lambda system, user: "")
    assert again == next(one for one in SAMPLE if one.difficulty["number"] == 1)
    assert [leak(*rows(draft)) for draft in SAMPLE] == [None] * len(SAMPLE)


def test_equal_calls_give_equal_worlds_and_bad_names_are_answers() -> None:
    """A killed attempt is rebuilt by its calls; a fault for a wrong name would end it."""
    calls = [
        ToolCall("1", "documents", {}),
        ToolCall("2", "open", {"name": "none.md", "page": 9}),
        ToolCall("3", "open", {"name": next(iter(texts(SAMPLE[0]))), "page": 99}),
        ToolCall("4", "find", {"name": next(iter(texts(SAMPLE[0]))), "words": "house rule"}),
        ToolCall("5", "write", {"name": next(iter(texts(SAMPLE[0]))), "text": "x"}),
        ToolCall("6", "write", {"name": "a.md", "text": "\udcff"}),
        ToolCall("7", "write", {"name": "../a.md", "text": "x"}),
    ]

    def script(task: Task, hidden: Hidden | None) -> Play:
        for call in calls:
            yield [call]
        return "\udcff"

    first, second = play(SAMPLE[0], script), play(SAMPLE[0], script)
    kinds = [turn.kind for turn in first.finished.turns if turn.role == "tool"]
    assert kinds == ["ok", "empty", "empty", "ok", *3 * ["blocked"]]
    assert first.finished.outcome == second.finished.outcome
    assert not first.solved([])


@pytest.mark.slow
def test_many_more_are_sound_of_every_family_and_hardly_any_is_a_twin() -> None:
    """Unseen seeds must be as sound as those of the fast tests."""
    more = drafts(25, first=1_000)
    used = {family for draft in more for family in draft.difficulty["families"]}  # type: ignore[attr-defined]
    assert used == set(FAMILIES)
    assert all(satisfied(solution(draft), one) for draft in more for one in constraints(draft))
    words = [set(re.findall(r"\S+ \S+ \S+", draft.instruction)) for draft in more]
    twins = sum(
        len(one & other) >= 0.7 * len(one | other) for place, one in enumerate(words) for other in words[:place]
    )
    assert twins <= 0.02 * len(more)
