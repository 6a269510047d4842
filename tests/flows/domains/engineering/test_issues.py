"""Sets of issues in the form of SWE-bench: a row becomes a task if its tests show what it claims."""

import json
import os
import subprocess
from datetime import date
from pathlib import Path

import pytest

from flows.domains import domain
from flows.domains.attempt import Attempt, Player
from flows.domains.contract import Draft, Play, Refused
from flows.domains.engineering.issues.composer import Issue, compose
from flows.domains.engineering.issues.row import read_row, touched
from flows.domains.task_folders.composer import Found
from flows.domains.task_folders.composer import compose as composed_folder
from flows.environments.resources import Resources
from flows.environments.sandbox import unavailable
from flows.environments.tool import ToolCall
from flows.settings import Tasks
from flows.tasks.folders.harbor import write_harbor_folder
from flows.tasks.rows import hidden_row, task_row
from schemas.task import Hidden, Task

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        unavailable() is not None and not os.environ.get("FACTORY_REQUIRE_SANDBOX"), reason=str(unavailable())
    ),
]
DAY = date(2026, 1, 2)
FAULTY = "def mean(values):\n    return sum(values) / len(values)\n\n\ndef total(values):\n    return sum(values)\n"
FIXED = FAULTY.replace(
    "    return sum(values) / len", "    if not values:\n        return 0.0\n    return sum(values) / len"
)
OLD_TESTS = "from stats import mean, total\n\n\ndef test_mean():\n    assert mean([1, 3]) == 2\n"
NEW_TESTS = f"""{OLD_TESTS}

def test_mean_of_nothing():
    assert mean([]) == 0.0


def test_total():
    assert total([1]) == 1
"""


def git(folder: Path, *words: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    """Folder of clones, and the row of one issue, whose patches git wrote."""
    clones = tmp_path_factory.mktemp("clones")
    place = clones / "acme__stats"
    (place / "tests").mkdir(parents=True)
    git(clones, "init", "-q", str(place))
    (place / "stats.py").write_text(FAULTY)
    (place / "tests/test_stats.py").write_text(OLD_TESTS)
    git(place, "add", ".")
    git(place, "commit", "-qm", "first")
    commit = git(place, "rev-parse", "HEAD").strip()
    (place / "stats.py").write_text(FIXED)
    patch = git(place, "diff")
    git(place, "checkout", "-q", ".")
    (place / "tests/test_stats.py").write_text(NEW_TESTS)
    test_patch = git(place, "diff")
    git(place, "checkout", "-q", ".")
    return clones, {
        "instance_id": "acme__stats-1",
        "repo": "acme/stats",
        "base_commit": commit,
        "problem_statement": "mean([]) raises ZeroDivisionError. I expect 0.0.",
        "patch": patch,
        "test_patch": test_patch,
        "FAIL_TO_PASS": json.dumps(["tests/test_stats.py::test_mean_of_nothing"]),
        "PASS_TO_PASS": ["tests/test_stats.py::test_mean", "tests/test_stats.py::test_total"],
        "version": "1.0",
    }


def draft_of(row: tuple[Path, dict[str, object]], **changed: object) -> Draft:
    clones, values = row
    line = json.dumps({**values, **changed})
    return compose(Issue(1, line, clones, clones, "python", "MIT", Resources()), lambda system, text: "")


def played(place: Path, draft: Draft, play: Play) -> Attempt:
    one = domain("engineering")
    composer = next(each for each in one.composers if each.name == "issues")
    task = task_row(one, composer, draft, Tasks(), DAY)

    def policy(task: Task, hidden: Hidden | None) -> Play:
        return play

    return Player(one, Resources(), place).play(task, hidden_row(task, draft), policy)


def writing(text: str) -> Play:
    yield [ToolCall("1", "write", {"path": "stats.py", "text": text})]
    yield [ToolCall("2", "submit", {})]
    return "Done."


def test_the_solution_passes_and_the_fault_does_not(row: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    draft = draft_of(row)
    assert draft.instruction == "mean([]) raises ZeroDivisionError. I expect 0.0."
    assert draft.licenses == ["MIT"]
    assert played(tmp_path / "solved", draft, writing(FIXED)).judgements["tests_pass"].passed
    assert not played(tmp_path / "faulty", draft, writing(FAULTY)).judgements["tests_pass"].passed


def test_the_policies_of_the_domain_play_it(row: tuple[Path, dict[str, object]], tmp_path: Path) -> None:
    """A composed issue passes the same probes as every other task."""
    draft, one = draft_of(row), domain("engineering")
    assert one.policies is not None
    composer = next(each for each in one.composers if each.name == "issues")
    task = task_row(one, composer, draft, Tasks(), DAY)
    found = Player(one, Resources(), tmp_path).play(task, hidden_row(task, draft), one.policies.oracle)
    assert found.judgements["tests_pass"].reason == "ok"


def test_the_hidden_tests_are_not_in_the_world(row: tuple[Path, dict[str, object]]) -> None:
    draft = draft_of(row)
    assert "test_mean_of_nothing" not in draft.setup + draft.instruction


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"FAIL_TO_PASS": ["tests/test_stats.py::test_mean"], "PASS_TO_PASS": []}, "passes_unsolved"),
        ({"FAIL_TO_PASS": ["tests/test_stats.py::test_other"]}, "tests_unknown"),
        ({"PASS_TO_PASS": ["tests/test_stats.py::test_mean_of_nothing"]}, "fails_unsolved"),
        ({"base_commit": "0" * 40}, "no_such_commit"),
        ({"repo": "acme/other"}, "no_clone"),
        ({"repo": "../../etc"}, "row_invalid"),
        ({"patch": "--- a/stats.py\n+++ b/stats.py\n@@ -1 +1 @@\n-nothing\n+else\n"}, "patch_does_not_apply"),
        ({"patch": "--- a/../../x.py\n+++ b/../../x.py\n@@ -0,0 +1 @@\n+x\n"}, "patch_does_not_apply"),
        ({"problem_statement": ""}, "row_invalid"),
        ({"FAIL_TO_PASS": "not json"}, "row_invalid"),
    ],
)
def test_a_row_whose_claim_does_not_hold_here_is_refused(
    row: tuple[Path, dict[str, object]], changed: dict[str, object], reason: str
) -> None:
    """A task whose tests pass without work, or never pass, spoils every pass rate."""
    with pytest.raises(Refused, match=reason):
        draft_of(row, **changed)


def test_paths_of_a_patch_are_read(row: tuple[Path, dict[str, object]]) -> None:
    assert touched(str(row[1]["patch"])) == {"stats.py"}
    added = "diff --git a/n.py b/n.py\nnew file mode 100644\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+x = 1\n"
    assert touched(added) == {"n.py"}
    assert read_row(json.dumps(row[1])).FAIL_TO_PASS == ["tests/test_stats.py::test_mean_of_nothing"]


@pytest.mark.parametrize(("mends", "reason"), [(True, "ok"), (False, "tests_failed")])
def test_its_folder_is_solved_by_its_solution_alone(
    row: tuple[Path, dict[str, object]], tmp_path: Path, mends: bool, reason: str
) -> None:
    """A team that plays our tasks in another framework gets the same verdicts."""
    one, draft = domain("engineering"), draft_of(row)
    assert one.folder is not None
    task = task_row(one, next(each for each in one.composers if each.name == "issues"), draft, Tasks(), DAY)
    hidden = hidden_row(task, draft)
    assert hidden is not None
    folder = write_harbor_folder(task, one.folder(task, hidden, Resources()), tmp_path / "out")
    back = domain("task_folders")
    again = composed_folder(Found(1, folder, Resources()), lambda system, text: "")
    task = task_row(back, back.composers[0], again, Tasks(), DAY)
    assert back.policies is not None
    policy = back.policies.oracle if mends else back.policies.shortcuts["submit"]
    found = Player(back, Resources(), tmp_path / "world").play(task, hidden_row(task, again), policy)
    assert found.judgements["tests_reward"].reason == reason
