"""Tests of the players: the oracle solves a task by honest work, and no shortcut solves it."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.domains.attempt import Attempt, Player
from flows.domains.contract import Domain
from flows.domains.engineering.examination import examine
from flows.domains.engineering.players import PLAYERS
from flows.domains.engineering.players.mending import edits, hunks
from flows.domains.engineering.verifiers import TESTS_INTACT, TESTS_PASS
from flows.environments.resources import Resources
from flows.environments.sandbox import Sandbox
from flows.environments.workspace import WORKSPACE
from schemas.prompt import Prompt
from schemas.task import Hidden, Task
from tests.flows.domains.engineering.examination.tally import COUNTS, GOAL, PRISTINE

TOOLS = ["bash", "read", "edit", "write", "run_tests", "submit"]
VISIBLE = {
    "tests/test_counts.py": "import tally\n\n\ndef test_ranks():\n    assert tally.ranks('ba') == {'a': 1, 'b': 2}\n",
}
COMMAND = ["python3", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--tb=short"]
BUGS = [
    {"operator": "arithmetic", "paths": ["tally/counts.py"], "functions": [["tally/counts.py", line]], "tests": tests}
    for line, tests in ((5, []), (12, ["tests/test_counts.py::test_ranks"]))
]
DOMAIN = Domain(
    "engineering", replace(WORKSPACE, examine=examine), (TESTS_PASS, TESTS_INTACT), (), Prompt("", ""), policies=PLAYERS
)


def rows() -> tuple[Task, Hidden]:
    now = datetime(2026, 1, 2, tzinfo=UTC)
    setup = {"files": PRISTINE | VISIBLE, "tools": TOOLS, "tests": COMMAND}
    task = Task.model_validate(
        dict.fromkeys(Task.model_fields)
        | {"task_id": "t1", "domain": "engineering", "instruction": "Means and ranks are wrong.", "evidence": []}
        | {"path": [], "tools": TOOLS, "verifiers": ["tests_pass", "tests_intact"], "setup": json.dumps(setup)}
        | {"max_turns": 200, "max_tokens": 100_000, "max_seconds": 0, "samples": 1, "hops": 0, "difficulty": "{}"}
        | {"composer": "mutants", "composer_version": "1", "created_at": now, "run_id": "2026-01-02"}
        | {"answer_form": "files"}
    )
    oracle = {"files": {"tally/counts.py": COUNTS}, "bugs": BUGS}
    return task, Hidden(task_id="t1", goal=json.dumps(GOAL), oracle=json.dumps(oracle), run_id="2026-01-02")


@pytest.fixture
def player(sandbox: Sandbox, tmp_path: Path) -> Player:
    return Player(DOMAIN, Resources(), tmp_path / "world")


def reasons(attempt: Attempt) -> dict[str, str]:
    return {name: one.reason for name, one in attempt.judgements.items()}


@pytest.mark.slow
def test_the_oracle_solves_the_task_by_edits(player: Player) -> None:
    """A task that its own solution does not solve wastes every attempt at it."""
    attempt = player.play(*rows(), PLAYERS.oracle)
    tools = [turn.tool for turn in attempt.finished.turns if turn.role == "tool"]

    assert reasons(attempt) == {"tests_pass": "ok", "tests_intact": "ok"}
    assert tools.count("edit") == 2
    assert "write" not in tools
    assert len(tools) > 20


@pytest.mark.slow
def test_the_proof_solves_the_task_by_its_edits_alone(player: Player) -> None:
    """Nights play it on every task: one that ran the tests as the oracle does would take four times as long."""
    assert PLAYERS.proof is not None
    attempt = player.play(*rows(), PLAYERS.proof)

    assert reasons(attempt) == {"tests_pass": "ok", "tests_intact": "ok"}
    assert [turn.tool for turn in attempt.finished.turns if turn.role == "tool"] == ["edit", "edit", "submit"]


@pytest.mark.slow
@pytest.mark.parametrize("name", PLAYERS.shortcuts)
def test_a_shortcut_fails(player: Player, name: str) -> None:
    """A task that a shortcut solves trains a student in the shortcut."""
    attempt = player.play(*rows(), PLAYERS.shortcuts[name])

    assert not attempt.solved(["tests_intact"])
    bending = name in {"delete_failing_tests", "pass_by_configuration"}
    assert reasons(attempt)["tests_intact"] == ("tests_changed" if bending else "ok")


@pytest.mark.slow
def test_the_explorer_reads_and_solves_nothing(player: Player) -> None:
    """An explorer that needs no hidden record shows how much a task asks an agent to read."""
    assert PLAYERS.explorer is not None
    task, hidden = rows()

    attempt = player.play(task, hidden, lambda given, _: PLAYERS.explorer(given, None))  # type: ignore[misc]

    assert reasons(attempt) == {"tests_pass": "bugs_left", "tests_intact": "ok"}
    assert "read" in [turn.tool for turn in attempt.finished.turns]


REPEATED = "def a():\n    return 1\n\n\ndef b():\n    return 1\n"


@pytest.mark.parametrize(
    ("faulty", "original"),
    [
        (REPEATED, REPEATED.replace("return 1\n\n", "return 2\n\n", 1)),
        (REPEATED, REPEATED[:-9] + "3\n"),
        (REPEATED, "import x\n\n" + REPEATED),
        (REPEATED, REPEATED.replace("\n\n\ndef b", "\n    pass\n\n\ndef b")),
        ("x\n" * 5, "x\n" * 4 + "y\n"),
        ("a = 1\nb = 2\nc = 3", "a = 2\nb = 2\nc = 4"),
    ],
)
def test_edits_lead_to_the_original(faulty: str, original: str) -> None:
    """The tool refuses an edit whose old text occurs twice, and the oracle would fail a good task."""
    made, result = edits(faulty, hunks({"f.py": faulty}, {"f.py": original}))
    text = faulty
    for old, new in made:
        assert text.count(old) == 1
        text = text.replace(old, new)

    assert text == result == original
