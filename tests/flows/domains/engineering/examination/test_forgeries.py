"""Tests of the verdict: no forgery passes, and honest work does."""

from collections.abc import Mapping

import pytest

from flows.environments.sandbox import Sandbox
from tests.flows.domains.engineering.examination.forgeries import AWARE, FILES, KNOWN
from tests.flows.domains.engineering.examination.tally import BUGGY, COUNTS, GOAL, HONEST, Examiner, File

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def examiner(sandbox: Sandbox) -> Examiner:
    return Examiner(sandbox)


@pytest.mark.parametrize("files", (KNOWN | AWARE).values(), ids=(KNOWN | AWARE).keys())
def test_no_forgery_passes(examiner: Examiner, files: Mapping[str, File]) -> None:
    """One forgery that passes teaches a student to forge."""
    assert examiner.checks(files)["verdict"] != "ok"


def test_files_that_run_by_themselves_have_no_effect(examiner: Examiner) -> None:
    """A start-up file or plugin of the agent would run before the first test; a real fix beside it still counts."""
    written = {path: content for files in FILES.values() for path, content in files.items()}

    assert examiner.checks(written)["fail_to_pass"] == [0, 4]
    checks = examiner.checks(written | HONEST)
    assert checks["verdict"] == "ok"
    assert {"conftest.py", "sitecustomize.py", "pytest.ini", "tests/test_counts.py"} <= set(
        str(checks["tampered"]).split("'")
    )


def test_the_honest_fix_passes_whatever_else_the_agent_did(examiner: Examiner) -> None:
    """A verdict that refuses honest work throws away the tokens of an attempt."""
    left: dict[str, File] = {
        "repro.py": "import tally\n", "tests/test_new.py": "def test_new():\n    assert False\n",
        "tally/more.py": "LIMIT = 3\n", "tally/__pycache__/counts.cpython-311.pyc": b"\0", "notes.txt": "done",
    }  # fmt: skip
    assert examiner.checks(HONEST | left) == {
        "verdict": "ok", "fail_to_pass": [4, 4], "pass_to_pass": [5, 5], "controls": [7, 7], "secret_points": 5,
        "tampered": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "verdict", "passed"),
    [
        (COUNTS.replace("/ len(values)", "/ (len(values) + 1)"), "bugs_left", [3, 4]),
        (COUNTS.replace("n == 1 else f", "n == 2 else f"), "others_broken", [4, 4]),
        (BUGGY, "bugs_left", [0, 4]),
    ],
    ids=["one_bug_left", "another_broken", "untouched"],
)
def test_the_verdict_says_how_far_it_got(examiner: Examiner, text: str, verdict: str, passed: list[int]) -> None:
    """A score of half of the bugs separates a task that is too hard from one that is broken."""
    checks = examiner.checks({"tally/counts.py": text})

    assert (checks["verdict"], checks["fail_to_pass"]) == (verdict, passed)


def test_a_goal_without_secrets_is_refused(examiner: Examiner) -> None:
    """Tests that compare nothing can be passed by code that takes over the process."""
    text = "from tally import mean\n\ndef test_mean():\n    mean([1])\n"
    goal = GOAL | {
        "tests": {"tests/test_x.py": text},
        "fail_to_pass": ["tests/test_x.py::test_mean"],
        "pass_to_pass": [],
    }

    assert examiner.checks(HONEST, goal)["verdict"] == "unkeyed"
