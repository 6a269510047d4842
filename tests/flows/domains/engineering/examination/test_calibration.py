"""Tests that right code passes as they are, but not as the examination rewrites them, become part of no task."""

from pathlib import Path

import pytest

from flows.domains.engineering.examination import Examination, judged_right
from flows.environments.sandbox import Limits, Sandbox
from tests.flows.domains.engineering.examination.tally import write

MODULE = '''"""Sums."""


class Loose:
    """Equals all tuples of any numbers."""

    def __init__(self, *parts):
        self.parts = parts

    def __eq__(self, other):
        return isinstance(other, tuple)

    def __hash__(self):
        return 1


def total(*parts):
    return sum(parts)


def name_of(kind):
    return kind.__module__
'''
TESTS = """from sums import Loose, name_of, total


def test_of_numbers():
    assert total(1, 2) == 3


def test_of_infinity():
    assert total(float("inf"), 1) == float("inf")


def test_of_a_loose_value():
    assert Loose(1, 2) == (1, 2)


class Here:
    pass


def test_of_the_name_of_this_file():
    assert name_of(Here).endswith("test_sums")
"""


@pytest.mark.slow
def test_only_tests_that_tell_right_code_are_left(sandbox: Sandbox, tmp_path: Path) -> None:
    """A task with one of the others cannot be solved: the right solution breaks it."""
    tree = write(tmp_path / "tree", {"sums.py": MODULE, "tests/test_sums.py": TESTS, "tests/conftest.py": ""})
    names = ("of_numbers", "of_infinity", "of_a_loose_value", "of_the_name_of_this_file")
    green = {f"tests/test_sums.py::test_{name}" for name in names}
    examination = Examination(tree, sandbox, Limits(wall_s=60))
    found = judged_right(examination, "python", {"tests/test_sums.py": TESTS}, green, tmp_path)
    assert found == {"tests/test_sums.py::test_of_numbers"}
