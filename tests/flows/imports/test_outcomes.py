"""The set's own verdicts count: a row that its makers call wrong is never released as right."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.domains.search.verifiers import CONTAINS_ANSWER
from flows.imports.chunk import ImportOptions
from flows.imports.existing_ids import ExistingIds
from flows.imports.formats.attempt.outcomes import Named, named, outcomes_of
from flows.imports.importer import Counts, Importer
from flows.refine.decide import run_refine
from flows.settings import Settings
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

TALK = [{"role": "user", "content": "Which river runs by Vell?"}, {"role": "assistant", "content": "The Orm."}]


def row(number: int, **columns: Any) -> dict[str, Any]:
    talk = [TALK[0] | {"content": f"Which river runs by Vell, number {number}?"}, TALK[1]]
    return {"messages": talk} | columns


def imported(lake: Lake, rows: list[dict[str, Any]], **options: Any) -> Counts:
    path = lake.root.parent / "set.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    with connect(lake) as con:
        existing = ExistingIds.of(con, datetime.now(UTC))
    chosen = ImportOptions("messages", "imported", **options)
    return Importer(lake, existing, []).import_file(path, path.name, chosen, silent)


def verdicts(lake: Lake) -> list[tuple[str, bool, float | None]]:
    with connect(lake) as con:
        return con.execute("select verifier, passed, score from verdicts order by all").fetchall()


@pytest.mark.parametrize(
    ("columns", "column", "passed", "score"),
    [
        ({"resolved": 0}, "resolved", False, 0.0),
        ({"resolved": "unresolved"}, "resolved", False, None),
        ({"resolved": "True"}, "resolved", True, None),
        ({"is_correct": "yes"}, "is_correct", True, None),
        ({"reward": 1.0}, "reward", True, 1.0),
        ({"score": "0"}, "score", False, 0.0),
        ({"success": False}, "success", False, None),
        ({"metadata": {"eval": {"passed": False}}}, "passed", False, None),
        ({"extra_info": '{"is_resolved": true}'}, "is_resolved", True, None),
        ({"reward": 0.4}, "reward", None, 0.4),
        ({"score": 87}, "score", None, None),
        ({"reward": -1}, "reward", None, None),
        ({"correct": "B"}, "correct", None, None),
        ({"passed": [True, False]}, "passed", None, None),
    ],
)
def test_a_columns_verdict_is_read_and_an_unclear_one_is_not_guessed(
    columns: dict[str, Any], column: str, passed: bool | None, score: float | None
) -> None:
    """A guess in either direction trains on wrong rows or throws away right ones."""
    (found,) = outcomes_of(columns)
    assert (found.column, found.passed, found.score) == (column, passed, score)


def test_empty_values_and_other_columns_are_no_verdicts() -> None:
    """A null from a set that was never judged must not look like a failure."""
    assert outcomes_of({"resolved": None, "reward": "", "scores": [1], "tools": {"score": 1}, "label": 1}) == ()


def test_a_chosen_column_has_a_threshold_and_may_be_nested() -> None:
    """Graders write grades; only the user knows the grade that passes."""
    chosen = [Named("metadata.grade", 0.8), Named("state")]
    found = outcomes_of({"metadata": {"grade": 0.75}, "state": "resolved"}, chosen)
    assert {one.column: one.passed for one in found} == {"grade": False, "state": True}
    assert named("a.b:0.5") == Named("a.b", 0.5)
    for text in ("", ":1", "score:high", "score:nan"):
        with pytest.raises(ValueError, match=r".*"):
            named(text)


@pytest.mark.slow
def test_accepted_never_overrides_a_failure_or_an_unclear_value(tmp_path: Path) -> None:
    """`--accepted` on a set with failed rows would release them all as right."""
    home = Settings(home=tmp_path)
    lake = Lake(home.lake)
    rows = [row(0, resolved=False), row(1, reward=0.4), row(2, resolved=True), row(3), row(4, info={"reward": 0})]
    counts = imported(lake, rows, accepted=True)
    assert verdicts(lake) == [
        ("resolved", False, None),
        ("resolved", True, None),
        ("reward", False, 0.0),
        ("source", True, None),
    ]
    assert counts.notes["unclear:reward"] == 1
    run_refine(home, datetime.now(UTC).date(), silent)
    with connect(lake) as con:
        reasons = con.execute(
            "select instruction, list_filter(reasons, lambda one: one like 'outcome%') from decisions "
            "join trajectories using (trajectory_id) join tasks using (task_id) order by instruction"
        ).fetchall()
    assert [found for _, found in reasons] == [
        ["outcome:wrong_answer"],
        ["outcome:not_judged"],
        [],
        [],
        ["outcome:wrong_answer"],
    ]


@pytest.mark.slow
def test_a_match_with_the_ground_truth_does_not_override_the_set(tmp_path: Path) -> None:
    """An answer can hold the right words and still fail the set's own tests."""
    home = Settings(home=tmp_path)
    path = tmp_path / "set.jsonl"
    path.write_text(json.dumps(row(0, answer="Orm", correct=False)) + "\n")
    with connect(Lake(home.lake)) as con:
        existing = ExistingIds.of(con, datetime.now(UTC))
    options = ImportOptions("messages", "imported")
    Importer(Lake(home.lake), existing, [CONTAINS_ANSWER]).import_file(path, path.name, options, silent)
    assert verdicts(Lake(home.lake)) == [("contains_answer", True, 1.0), ("correct", False, None)]
    run_refine(home, datetime.now(UTC).date(), silent)
    with connect(Lake(home.lake)) as con:
        ((reasons,),) = con.execute("select reasons from decisions").fetchall()
    assert "outcome:wrong_answer" in reasons


def test_a_second_import_with_other_options_adds_verdicts_and_no_rows(tmp_path: Path) -> None:
    """A forgotten option must not cost a new lake, nor double the set."""
    lake = Lake(tmp_path / "lake")
    rows = [row(0, grade=0.9), row(1)]
    assert imported(lake, rows).imported == 2
    again = imported(lake, rows, accepted=True, outcomes=(Named("grade", 0.5),))
    assert (again.imported, again.already_there) == (0, 2)
    assert verdicts(lake) == [("grade", True, 0.9), ("source", True, None)]
    tools = [{"type": "function", "function": {"name": "x"}}]
    imported(lake, rows, accepted=True, outcomes=(Named("grade", 0.5),), tools=tools)
    assert len(verdicts(lake)) == 2
    with connect(lake) as con:
        assert con.execute("select count(*) from trajectories").fetchall() == [(2,)]


def test_the_command_names_unclear_columns_and_missing_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message must name the option that settles the rows."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "set.jsonl").write_text(json.dumps(row(0, reward=0.4)) + "\n")
    said = CliRunner().invoke(app, ["import", "set.jsonl", "--outcome", "grade:0.5"])
    assert said.exit_code == 0, said.output
    assert "1 rows recognised as messages: `messages` with a `role` each (sure 70%)" in said.output
    assert "1 rows with an unclear `reward`" in said.output
    assert "--outcome reward:NUMBER" in said.output
    assert "1 rows without the column `grade`" in said.output
    assert CliRunner().invoke(app, ["import", "set.jsonl", "--outcome", "grade:high"]).exit_code == 1
