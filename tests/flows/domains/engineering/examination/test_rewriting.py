"""Tests of rewritten tests: they show no expected value alone, and the key separates right results from wrong ones."""

import ast
import random

import pytest

from flows.domains.engineering.examination.decoys import is_value, line_up, value_of
from flows.domains.engineering.examination.key import Key
from flows.domains.engineering.examination.rewriting import rewrite
from tests.flows.domains.engineering.examination.tally import GOAL, HIDDEN, PATH

VALUES = (
    "0", "-3", "2.5", "True", "None", "'text'", "b'x'", "''", "[]", "{}", "()", "(1, 'a')", "[1, 2, 3]", "{'a': [1]}",
    "{1, 2}", "set([1, 2])", "frozenset(['a'])", "pytest.approx(0.5)", "Decimal('1.5')", "[[], {'k': (None,)}]",
)  # fmt: skip


@pytest.mark.parametrize("text", VALUES)
def test_decoys_differ_from_the_value_and_from_each_other(text: str) -> None:
    """An honest solution that equals two options of a line-up would fail."""
    node = ast.parse(text, mode="eval").body
    for seed in range(12):
        found = line_up(node, random.Random(seed), [ast.Constant(7), ast.Constant("other")])
        if found is None:
            assert "Decimal" in text
            continue
        options, place = found
        values = [value_of(one) for one in options]
        assert values[place] == value_of(node)
        assert all(one != other for at, one in enumerate(values) for other in values[:at])


@pytest.mark.parametrize("text", ["f(2)", "x", "[x]", "...", "{**a}", "{'a': f()}", "set(x)", "open('f')", "f'{x}'"])
def test_computed_values_have_no_line_up(text: str) -> None:
    """Code of a test that ran on the host to make decoys would run outside of any sandbox."""
    assert not is_value(ast.parse(text, mode="eval").body)


def test_places_of_expected_values_are_even() -> None:
    """A place that is more likely than others lets code guess its way through an examination."""
    node, dice = ast.parse("[1, 2, 3]", mode="eval").body, random.Random(5)
    places = [found[1] for _ in range(400) if (found := line_up(node, dice, []))]

    assert all(60 < places.count(place) < 140 for place in range(4))


def test_names_and_values_of_the_tests_are_gone() -> None:
    """Code that finds the name of a test or of a parameter's row knows which case it has to fake."""
    made = rewrite(PATH, HIDDEN, Key(random.Random(3)))

    assert not [name for name in ("test_mean", "test_ranks", "test_label", "expected0") if name in made.text]
    assert "_observations.Lineup" in made.text
    assert made.path != PATH
    ids = [one for test in (*GOAL["fail_to_pass"], *GOAL["pass_to_pass"]) for one in made.ids(test)]
    assert len(set(ids)) == len(GOAL["fail_to_pass"]) + len(GOAL["pass_to_pass"])


def test_two_examinations_differ_in_all_names() -> None:
    """A forgery could be made for an examination that is the same each time."""
    first, second = (rewrite(PATH, HIDDEN, Key(random.Random(seed))) for seed in (1, 2))

    assert first.path != second.path
    assert not set(first.names.values()) & set(second.names.values())
    assert not set(first.must_fail) & set(second.must_fail)


CAUGHT = """
import pytest
def test_it():
    try:
        assert f() == 3
    except AssertionError:
        pass
    with pytest.raises(AssertionError):
        assert f() == 4
    for value, wanted in [(1, 2), (2, 3)]:
        assert f(value) == wanted
    expected = [1]
    expected.append(2)
    assert f(expected) == expected
"""


def test_assertions_that_the_test_catches_stay() -> None:
    """An observation raises nothing for a decoy, so a test that waits for the error would refuse the right solution."""
    text = rewrite("test_it.py", CAUGHT, Key(random.Random(1))).text

    assert "assert f() == 3" in text
    assert "assert f() == 4" in text
    assert "expected = [1]" in text
    assert "[(1, _observations.Lineup(" in text


@pytest.mark.parametrize("error", ["Exception", "BaseException", "(Exception, KeyError)"])
def test_an_expectation_of_any_exception_stays(error: str) -> None:
    """No other exception is a decoy of it: the examination ended with an error, and the attempt without a verdict."""
    expectation = f"with pytest.raises({error}):"
    text = rewrite(
        "test_it.py", f"import pytest\ndef test_it():\n    {expectation}\n        f()\n", Key(random.Random(1))
    ).text
    assert expectation in text


def test_the_key_needs_every_point_that_a_passed_test_reaches() -> None:
    """Code that empties a test would otherwise pass it."""
    key = Key(random.Random(1))
    made = rewrite("test_it.py", "def test_it():\n    assert f(1) == 2\n    assert f(2)\n", key)
    [test] = key.must
    point, condition = key.must[test]
    [(lineup, bits)] = key.lineups.items()
    right = {f"{point}:{lineup}": [bits], condition: [key.right[condition]]}

    assert test == made.test("test_it")
    assert key.holds(test, right)
    assert not key.holds(test, {})
    assert not key.holds(test, right | {f"{point}:{lineup}": ["1111"]})
    assert not key.holds(test, right | {f"{point}:{lineup}": [bits, "0000"]})
    assert not key.holds(test, right | {condition: ["0" if key.right[condition] == "1" else "1"]})
    assert not key.holds(test, right | {"elsewhere": ["1"]})
