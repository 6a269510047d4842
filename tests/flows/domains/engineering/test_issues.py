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
    clones, made = repository(tmp_path_factory.mktemp("row"), {"stats.py": FAULTY, "tests/test_stats.py": OLD_TESTS})
    place = clones / "acme__stats"
    return clones, made | {
        "problem_statement": "mean([]) raises ZeroDivisionError. I expect 0.0.",
        "patch": patch_of(place, {"stats.py": FIXED}),
        "test_patch": patch_of(place, {"tests/test_stats.py": NEW_TESTS}),
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
    assert solved(tmp_path, draft_of(row)) == "ok"


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
        (
            {"patch": "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+stats.py\n"},
            "patch_of_links",
        ),
        ({"FAIL_TO_PASS": ["tests/stats.rb::test_mean"]}, "tests_of_no_known_language"),
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


def test_a_solution_that_moves_files_is_solved_by_the_oracle(tmp_path: Path) -> None:
    """Every third row of such sets adds, renames or removes a file; all of them would be lost."""
    clones, made = repository(tmp_path, {"stats.py": FAULTY, "old.py": "LIMIT = 3\n", "show.sh": "echo 1\n"})
    place = clones / "acme__stats"
    git(place, "mv", "old.py", "limits.py")
    (place / "means").mkdir()
    (place / "means/__init__.py").write_text("from limits import LIMIT\n")
    (place / "show.sh").chmod(0o755)
    (place / "stats.py").write_text(FIXED)
    git(place, "add", "-A")
    patch = git(place, "diff", "--cached", "-M")
    git(place, "reset", "-q", "--hard")
    tests = "import os\nimport means\n\n\ndef test_limit():\n    assert means.LIMIT == 3\n"
    tests += "    assert os.access('show.sh', os.X_OK)\n"
    added = patch_of(place, {"tests/test_means.py": tests})
    draft = draft_of((clones, made | {
        "patch": patch, "test_patch": added, "FAIL_TO_PASS": ["tests/test_means.py::test_limit"], "PASS_TO_PASS": [],
    }))  # fmt: skip
    assert solved(tmp_path / "world", draft) == "ok"


def test_an_issue_in_javascript_is_solved_by_the_oracle(tmp_path: Path) -> None:
    """Sets of issues are written in several languages."""
    faulty = "exports.mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;\n"
    head = 'const { test } = require("node:test");\nconst assert = require("node:assert");\n'
    clones, made = repository(tmp_path, {"lib/stats.js": faulty, "package.json": "{}"})
    place = clones / "acme__stats"
    fixed = faulty.replace("=> values.reduce", "=> !values.length ? 0 : values.reduce")
    tests = f"""{head}const {{ mean }} = require("../lib/stats");
test("of nothing", () => assert.strictEqual(mean([]), 0));
test("of two", () => assert.strictEqual(mean([1, 3]), 2));
"""
    draft = draft_of((clones, made | {
        "patch": patch_of(place, {"lib/stats.js": fixed}), "test_patch": patch_of(place, {"test/stats.test.js": tests}),
        "FAIL_TO_PASS": ["test/stats.test.js::of nothing"], "PASS_TO_PASS": ["test/stats.test.js::of two"],
    }))  # fmt: skip
    assert solved(tmp_path / "world", draft) == "ok"


def repository(folder: Path, files: dict[str, str]) -> tuple[Path, dict[str, object]]:
    """The folder of clones with one repository of these files, and the columns of a row that name it."""
    place = folder / "clones/acme__stats"
    place.mkdir(parents=True)
    git(place, "init", "-q", ".")
    commit = committed(place, files)
    return place.parent, {
        "instance_id": "acme__stats-2", "repo": "acme/stats", "base_commit": commit, "problem_statement": "It fails.",
    }  # fmt: skip


def committed(place: Path, files: dict[str, str]) -> str:
    for path, text in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_text(text)
    git(place, "add", "-A")
    git(place, "commit", "-qm", "first")
    return git(place, "rev-parse", "HEAD").strip()


def patch_of(place: Path, files: dict[str, str]) -> str:
    """The patch that writes these files, which are taken back afterwards."""
    before = git(place, "rev-parse", "HEAD").strip()
    committed(place, files)
    patch = git(place, "diff", before)
    git(place, "reset", "-q", "--hard", before)
    return patch


def solved(place: Path, draft: Draft) -> str:
    """The reason of the verdict on the oracle's play."""
    one = domain("engineering")
    assert one.policies is not None
    composer = next(each for each in one.composers if each.name == "issues")
    task = task_row(one, composer, draft, Tasks(), DAY)
    found = Player(one, Resources(), place).play(task, hidden_row(task, draft), one.policies.oracle)
    return found.judgements["tests_pass"].reason


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
