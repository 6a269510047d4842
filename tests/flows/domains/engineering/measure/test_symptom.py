"""Failures of tests become facts that a user could report; a wrong fact would ask for the opposite of a fix."""

import importlib.util
from pathlib import Path

import pytest

from flows.domains.engineering.measure import laboratory

SPEC = importlib.util.spec_from_file_location("symptom", laboratory.PROGRAMS / "symptom.py")
assert SPEC and SPEC.loader
symptom = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(symptom)

LIBRARY = """
def double(x): return x + 1
def fails(x): raise KeyError(x)
"""
CASES = {
    "n = 3\nassert double(n) == 6": {"kind": "value", "call": "double(3)", "actual": "4", "expected": "6"},
    "assert 6 == double(3)": {"kind": "value", "call": "double(3)", "actual": "4", "expected": "6"},
    "fails('a')": {"kind": "raises", "call": "fails('a')", "exception": "KeyError", "message": "'a'"},
    "assert double(3) > 6": {"kind": "false", "call": "double(3) > 6"},
    "n = double(3)\nassert n == 6": None,
    "assert double(3) == double(4)": {"kind": "false", "call": "double(3) == double(4)"},
    "f = lambda: 5\nassert f() == 6": None,
}


@pytest.mark.parametrize("statements", CASES)
def test_a_failure_is_reported_as_it_was(statements: str, tmp_path: Path) -> None:
    """Values of a result and of its expectation must not change places, and no fact is better than a misleading one."""
    library, test = tmp_path / "library.py", tmp_path / "test_it.py"
    library.write_text(LIBRARY)
    test.write_text("def test():\n" + "".join(f"    {one}\n" for one in statements.split("\n")))
    names: dict[str, object] = {}
    exec(compile(LIBRARY, str(library), "exec"), names)
    exec(compile(test.read_text(), str(test), "exec"), names)
    found = symptom.Symptoms(tmp_path)
    found.compared = (6, 4) if statements.startswith("assert 6") else (4, 6)
    with pytest.raises((AssertionError, KeyError)) as failure:
        names["test"]()  # type: ignore[operator]
    assert found.of(failure.value, str(test)) == CASES[statements]
