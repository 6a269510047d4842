"""Single gates on conversations made for them: faults that they refuse, and similar rows that they must keep."""

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path

import pytest

from flows.refine.decide import run_refine
from flows.settings import Refine, Settings
from schemas import Turn
from tests.doubles.lakes.small_lake import Kind, SmallLake, make_small_lake, write_records
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 11, 20)
Answer = dict[str, object]
"""A gate's answer on a trajectory: keep, reason, value."""


def one(kind: Kind = "good", seed: int = 0) -> SmallLake:
    return make_small_lake(DAY, n_tasks=1, samples=1, kinds={(0, 0): kind}, seed=seed)


def turns(made: SmallLake, rows: Iterable[Turn]) -> SmallLake:
    """The lake with these turns instead, numbered in order."""
    made.turns[:] = [row.model_copy(update={"index": index}) for index, row in enumerate(rows)]
    return made


def answer(home: Path, made: SmallLake, gate: str, **refine: object) -> Answer:
    return answers(home, [made], gate, **refine)[0]


def answers(home: Path, lakes: Sequence[SmallLake], gate: str, **refine: object) -> list[Answer]:
    """The gate's answer on the trajectory of each lake; the lakes differ in their seeds, and one refine decides all."""
    settings = Settings(home=home, refine=Refine.model_validate(refine))
    for seq, made in enumerate(lakes):
        write_records(Lake(settings.lake), DAY, made, seq)
    run_refine(settings, DAY, silent)
    with connect(Lake(settings.lake)) as con:
        gates = dict(con.execute("select trajectory_id, gates from decisions").fetchall())
    return [json.loads(gates[made.trajectories[0].trajectory_id])[gate] for made in lakes]


def calls(*queries: str, ids: tuple[str, ...] = ()) -> str:
    return json.dumps(
        [{"id": ids[n] if ids else f"c{n}", "name": "search", "arguments": {"q": q}} for n, q in enumerate(queries)]
    )


TWINS = calls("a", "b", ids=("call_0", "call_0"))
"""Two calls with the same id: no template can match their results."""


@pytest.mark.slow
def test_a_message_of_the_factory_between_turns_is_allowed(tmp_path: Path) -> None:
    """A format error or `answer now` is a tool turn without a call, and no fault of the agent."""
    made = one()
    nudge = made.turns[3].model_copy(update={"tool_call_id": None, "tool": None, "content": "Answer now."})
    gate = answer(tmp_path, turns(made, [*made.turns[:-1], nudge, made.turns[-1]]), "structure")
    assert gate["reason"] == "ok"


@pytest.mark.slow
def test_calls_left_unanswered_at_the_end_are_allowed(tmp_path: Path) -> None:
    """A looped attempt ends with its last call: the loop is its fault, not its structure."""
    made = one("turn_cap")
    assert answer(tmp_path, turns(made, made.turns[:-1]), "structure")["reason"] == "ok"


def test_several_calls_in_one_turn_have_results_in_any_order(tmp_path: Path) -> None:
    made = one()
    called = made.turns[2].model_copy(update={"tool_calls": calls("a", "b", ids=("x", "y"))})
    results = [made.turns[3].model_copy(update={"tool_call_id": id}) for id in ("y", "x")]
    assert answer(tmp_path, turns(made, [*made.turns[:2], called, *results, *made.turns[4:]]), "structure")["keep"]


IMPOSSIBLE: list[tuple[Callable[[list[Turn]], list[Turn]], str]] = [
    (lambda t: t[2:], "opening"),
    (lambda t: [t[0], *t[2:]], "opening"),
    (lambda t: [*t[:3], *t[4:]], "call_unanswered"),
    (lambda t: [*t, t[-1]], "assistant_after_assistant"),
    (lambda t: [*t[:2], t[3], *t[2:]], "tool_out_of_place"),
    (lambda t: [*t, t[3]], "answer_without_call"),
    (lambda t: [*t[:3], t[3], t[3], *t[4:]], "answers_do_not_fit_calls"),
    (lambda t: [t[0], t[1], t[1], *t[2:]], "user_after_user"),
    (lambda t: [*t[:4], t[0], *t[4:]], "system_out_of_place"),
    (lambda t: [t[1], t[0], *t[2:]], "system_out_of_place"),
    (lambda t: [*t, t[0]], "system_out_of_place"),
    (lambda t: [t[0], t[0], *t[1:]], "opening"),
    (
        lambda t: [*t[:2], t[2].model_copy(update={"tool_calls": TWINS}), t[3], t[3], *t[4:]],
        "call_ids_repeat",
    ),
    (lambda t: [*t, t[1].model_copy(update={"role": "critic"})], "unknown_role"),
    (lambda t: [*t[:2], t[2].model_copy(update={"tool_calls": "[{"}), *t[3:]], "calls_not_json"),
    (lambda t: [*t[:3], t[3].model_copy(update={"tool_call_id": "other"}), *t[4:]], "answers_do_not_fit_calls"),
    (lambda t: [], "no_turns"),
]


@pytest.fixture(scope="module")
def impossible(tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    """The answers on all impossible conversations."""

    def changed(case: int, change: Callable[[list[Turn]], list[Turn]]) -> SmallLake:
        made = one(seed=case)
        made.trajectories[0] = made.trajectories[0].model_copy(update={"answer": None, "status": "context_cap"})
        return turns(made, change(made.turns))

    lakes = [changed(case, change) for case, (change, _) in enumerate(IMPOSSIBLE)]
    return answers(tmp_path_factory.mktemp("home"), lakes, "structure")


@pytest.mark.parametrize(("case", "reason"), [(case, reason) for case, (_, reason) in enumerate(IMPOSSIBLE)])
def test_an_impossible_conversation_is_refused(impossible: list[Answer], case: int, reason: str) -> None:
    assert (impossible[case]["keep"], impossible[case]["reason"]) == (False, reason)


@pytest.mark.slow
def test_an_answer_that_the_agent_did_not_write_is_refused(tmp_path: Path) -> None:
    made = one()
    assert answer(tmp_path, turns(made, made.turns[:-1]), "structure")["reason"] == "ends_without_agent"


REPEATS = [
    (["a", "b", "c", "d"], 1),
    (["a", "a", "b", "a", "a"], 2),
    (["a", "a", "a"], 3),
    (["a", "b", "a", "b", "a", "b"], 3),
    (["a", "b", "c", "a", "b", "c", "d"], 2),
    (["z", "a", "b", "c", "a", "b", "c", "a", "b", "c"], 3),
    (["a", "b", "a", "c", "a", "d", "a"], 1),
]


@pytest.fixture(scope="module")
def repeating(tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    """The answers on all series of repeated calls."""

    def calling(case: int, queries: list[str]) -> SmallLake:
        made = one(seed=case)
        rows = list(made.turns[:2])
        for query in queries:
            rows += [made.turns[2].model_copy(update={"tool_calls": calls(query, ids=("call_0",))}), made.turns[3]]
        return turns(made, [*rows, made.turns[-1]])

    lakes = [calling(case, queries) for case, (queries, _) in enumerate(REPEATS)]
    return answers(tmp_path_factory.mktemp("home"), lakes, "loop")


@pytest.mark.parametrize(("case", "repeats"), [(case, repeats) for case, (_, repeats) in enumerate(REPEATS)])
def test_repeats_of_one_two_or_three_calls_are_counted(repeating: list[Answer], case: int, repeats: int) -> None:
    """An agent may return to a page; it may not repeat a cycle of calls."""
    assert repeating[case]["value"] == repeats
    assert repeating[case]["keep"] == (repeats < 3)


@pytest.mark.slow
def test_a_call_is_the_same_in_any_order_of_arguments(tmp_path: Path) -> None:
    """A loop with shuffled arguments is a loop; one with swapped values is not."""

    def called(seed: int, *arguments: dict[str, object]) -> SmallLake:
        made = make_small_lake(DAY, n_tasks=1, samples=1, seed=seed)
        rows = list(made.turns[:2])
        for each in arguments:
            call = json.dumps([{"id": "call_0", "name": "search", "arguments": each}])
            rows += [made.turns[2].model_copy(update={"tool_calls": call}), made.turns[3]]
        return turns(made, [*rows, made.turns[-1]])

    there, back, swapped = {"a": 1, "b": [2]}, {"b": [2], "a": 1}, {"a": [2], "b": 1}
    assert answer(tmp_path / "order", called(1, there, back, there), "loop")["value"] == 3
    assert answer(tmp_path / "values", called(2, there, swapped, there), "loop")["value"] == 1


LEAKS: list[tuple[str | None, str, str]] = [
    ("os", "Which module is closest to the machine?", "ok"),
    ("Grand  Prix", "Who won the grand prix?", "answer_in_instruction"),
    ("日本", "首都は(日本)どこ?", "answer_in_instruction"),
    ("C++", "Which language is it?", "ok"),
    ("+=", "What does += do?", "answer_in_instruction"),
    ("open", "Which verb is it?", "answer_in_system_prompt"),
    (None, "Make the tests pass.", "ok"),
    ("", "Say nothing.", "ok"),
    ("东京", "日本的首都是东京吗", "answer_in_instruction"),
    ("กรุงเทพ", "เมืองหลวงคือกรุงเทพหรือไม่", "answer_in_instruction"),
    ("东京", "日本的首都在哪里?", "ok"),
    ("C++", "Is C++ the language?", "answer_in_instruction"),
    ("Paris", "Which city is larger, Paris or Lyon?", "ok"),
    ("lyon", "Which city is larger, Paris or Lyon?", "ok"),
    ("Paris", "Is Paris larger than Lyon?", "answer_in_instruction"),
    ("No", "Is it so? Answer yes or no.", "ok"),
    ("true", "Say whether it is true: all ships float.", "ok"),
    ("(B)", "Which one? (A) A ship. (B) A bridge.", "ok"),
    ("3", "Which of the 3 is it?", "ok"),
    ("1931", "What happened in 1931?", "answer_in_instruction"),
]


@pytest.fixture(scope="module")
def leaking(tmp_path_factory: pytest.TempPathFactory) -> list[Answer]:
    """The answers on all instructions beside their truths."""

    def asking(case: int, truth: str | None, instruction: str) -> SmallLake:
        made = one(seed=case)
        made.tasks[0] = made.tasks[0].model_copy(update={"answer": truth, "instruction": instruction})
        return made

    lakes = [asking(case, truth, instruction) for case, (truth, instruction, _) in enumerate(LEAKS)]
    return answers(tmp_path_factory.mktemp("home"), lakes, "leakage")


@pytest.mark.parametrize(("case", "reason"), [(case, reason) for case, (*_, reason) in enumerate(LEAKS)])
def test_leakage_compares_words_not_letters(leaking: list[Answer], case: int, reason: str) -> None:
    """Questions that contain their answer teach no search; those that only offer a choice are kept."""
    assert leaking[case]["reason"] == reason


@pytest.mark.slow
def test_an_answer_of_spaces_counts_as_none(tmp_path: Path) -> None:
    made = one()
    made.trajectories[0] = made.trajectories[0].model_copy(update={"answer": " \n"})
    assert answer(tmp_path, made, "status")["reason"] == "no_answer"


def test_a_trajectory_without_a_verdict_is_not_published(tmp_path: Path) -> None:
    made = one()
    made.verdicts.clear()
    assert answer(tmp_path, made, "outcome") == {"keep": False, "reason": "not_judged", "value": None}
