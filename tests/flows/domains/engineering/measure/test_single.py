"""The effect of one bug: only symptoms that a user could have seen are reported."""

import pytest

from flows.domains.engineering.measure.single import Single


@pytest.mark.parametrize(
    ("call", "reportable"),
    [
        ("compose(inc, double)(1) == 4", True),
        ("frequencies([None, 3])", True),
        ("None(1, 2) == 3", False),
        ("list(map(None(inc), [1, 2]))", False),
    ],
)
def test_a_statement_that_calls_a_mere_value_is_no_symptom(call: str, reportable: bool) -> None:
    """A report such as `None(1, 2) == 3` names no function of the library, so it helps no reader."""
    failed = {f"tests/test_it.py::test_{name}": {"kind": "false", "call": call} for name in "ab"}
    single = Single(frozenset(failed), failed, ended=True)
    assert bool(single.reportable) is reportable
    assert single.refusal() == (None if reportable else "no_symptom")
