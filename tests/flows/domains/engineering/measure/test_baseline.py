"""Tests of a tree that a task may rest on: those that are the same tests in each run."""

from flows.domains.engineering.measure.baseline import steady


def test_functions_whose_ids_change_are_left_out() -> None:
    """A task with such a test cannot be solved when its rows come in another order; its file keeps the other tests."""
    first = ["t.py::a[0-x]", "t.py::a[1-y]", "t.py::b[0]", "t.py::c"]
    other = ["t.py::a[0-y]", "t.py::a[1-x]", "t.py::c", "t.py::b[0]"]
    assert steady(first, first, first) == set(first)
    assert steady(first, first, other) == {"t.py::b[0]", "t.py::c"}
    assert steady(first, ["t.py::c"]) == {"t.py::c"}
