"""Tests of runs of Python suites: each test's result by its id, whatever the tree configures or the code does."""

from pathlib import Path

import pytest

from flows.domains.engineering.suite import Suite, run_suite
from flows.environments.sandbox import Limits, Sandbox

FILES = {
    "src/odd/__init__.py": "def odd(n):\n    return n % 2 == 1\n",
    "setup.cfg": "[tool:pytest]\naddopts = --no-such-option\n",
    "pytest.ini": "[pytest]\naddopts = -x --cov=odd\n",
    "tests/data.txt": "3",
    "tests/conftest.py": "import pytest\n\n@pytest.fixture\ndef three():\n    return 3\n",
    "tests/test_odd.py": """
import pathlib, unittest, pytest
from odd import odd

def test_fixture(three, tmp_path):
    (tmp_path / "x").write_text("x")
    assert odd(three)

def test_wrong():
    assert odd(4), "4 is even"

@pytest.mark.parametrize("n", [1, 3])
def test_rows(n):
    assert odd(n)

@pytest.mark.skip
def test_skipped():
    pass

def test_broken_fixture(missing):
    pass

class TestUnits(unittest.TestCase):
    def test_file(self):
        self.assertTrue(odd(int(pathlib.Path("tests/data.txt").read_text())))
""",
    "tests/test_unreadable.py": "import no_such_module\n",
}
OUTCOMES = {
    "tests/test_odd.py::test_fixture": "passed",
    "tests/test_odd.py::test_wrong": "failed",
    "tests/test_odd.py::test_rows[1]": "passed",
    "tests/test_odd.py::test_rows[3]": "passed",
    "tests/test_odd.py::test_skipped": "skipped",
    "tests/test_odd.py::test_broken_fixture": "error",
    "tests/test_odd.py::TestUnits::test_file": "passed",
    "tests/test_unreadable.py": "error",
}


def tree(folder: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        place = folder / "tree" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    return folder / "tree"


def outcomes(suite: Suite) -> dict[str, str]:
    return {name: one.outcome for name, one in suite.results.items()}


@pytest.mark.slow
def test_each_test_has_its_outcome(tmp_path: Path, sandbox: Sandbox) -> None:
    """A composer that miscounts one test makes tasks without a solution."""
    made = tree(tmp_path, FILES)
    before = sorted(made.rglob("*"))

    suite = run_suite(made, sandbox, "python", Limits(wall_s=60))

    assert outcomes(suite) == OUTCOMES
    assert "4 is even" in suite.results["tests/test_odd.py::test_wrong"].message
    assert suite.limit is None
    assert sorted(made.rglob("*")) == before


def test_selected_tests_run_alone(tmp_path: Path, sandbox: Sandbox) -> None:
    """An examination that runs other tests than the expected ones cannot list exactly those."""
    chosen = {"tests/test_odd.py::test_rows[3]", "tests/test_odd.py::TestUnits::test_file"}

    suite = run_suite(tree(tmp_path, FILES), sandbox, "python", Limits(wall_s=60), chosen)

    assert suite.passed == chosen == set(suite.results)
    assert run_suite(tmp_path, sandbox, "python", Limits(), []).results == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "limit"), [("import os; os._exit(0)", None), ("while True: pass", "wall")], ids=["exit", "endless"]
)
def test_a_run_that_does_not_end_keeps_what_it_had(
    tmp_path: Path, sandbox: Sandbox, body: str, limit: str | None
) -> None:
    """A mutant that ends its process or never ends would lose the results of all other tests, or count as green."""
    text = f"def test_a():\n    pass\n\ndef test_b():\n    {body}\n\ndef test_c():\n    pass\n"

    suite = run_suite(tree(tmp_path, {"test_it.py": text}), sandbox, "python", Limits(wall_s=8))

    assert outcomes(suite) == {"test_it.py::test_a": "passed", "test_it.py::test_b": "error"}
    assert suite.limit == limit


def test_an_unknown_language_is_named(tmp_path: Path, sandbox: Sandbox) -> None:
    """A typing error in a setting would otherwise look like a tree without tests."""
    with pytest.raises(LookupError, match=r"cobol.*python"):
        run_suite(tmp_path, sandbox, "cobol", Limits())


def test_tests_from_a_set_have_the_same_ids_in_each_run(tmp_path: Path, sandbox: Sandbox) -> None:
    """A test that has another id in the examination than when its task was made is missed, or passes unfixed."""
    rows = {(name, (number,)) for number, name in enumerate("abcdefgh")}
    text = f"import pytest\n@pytest.mark.parametrize('a,b', {rows})\ndef test_row(a, b): assert a != 'c'\n"
    made = tree(tmp_path, {"test_it.py": text})

    one, other = (outcomes(run_suite(made, sandbox, "python", Limits(wall_s=60))) for _ in range(2))

    assert one == other
