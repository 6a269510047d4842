"""Half of the failing tests leave the workspace; the files around them must still work."""

import pytest

from flows.domains.engineering.composers.stripped_tests import removable, without

TESTS = '''import unittest
import pytest

@pytest.mark.parametrize(
    "a", [1, 2])
def test_a(a):
    assert a


class TestOnly(unittest.TestCase):
    @staticmethod
    def test_b(): pass

    def test_c(self):
        """Doc."""
        self.fail()

class TestSecond(TestOnly):
    x = 1
    def test_d(self): ...

def helper(): ...
'''


@pytest.mark.parametrize(
    ("functions", "gone"),
    [
        (["t.py::test_a"], {"test_a"}),
        (["t.py::TestOnly::test_b"], {"test_b"}),
        (["t.py::TestOnly::test_b", "t.py::TestOnly::test_c"], {"test_b", "test_c"}),
        (["t.py::TestSecond::test_d", "t.py::test_a"], {"test_d", "test_a"}),
    ],
)
def test_functions_leave_and_the_file_still_imports(functions: list[str], gone: set[str]) -> None:
    """A file of tests that cannot be imported fails for a reason that no report names."""
    left = without(TESTS, functions)
    names = {"test_a", "test_b", "test_c", "test_d", "helper", "TestOnly", "TestSecond"}
    namespace: dict[str, object] = {}
    exec(compile(left, "t.py", "exec"), namespace)
    assert {
        name for name in names if f"def {name}(" in left or f"class {name}" in left or name == "helper"
    } == names - gone
    assert "parametrize" in left or "test_a" in gone


def test_inherited_tests_stay() -> None:
    """The method of a parent class also tests others, so it cannot leave for one of them."""
    assert removable({"t.py": TESTS}, "t.py::TestOnly::test_b")
    assert not removable({"t.py": TESTS}, "t.py::TestSecond::test_b")
    assert not removable({"t.py": TESTS}, "other.py::test_a")
    assert not removable({"t.py": TESTS}, "t.py::test_unknown")
