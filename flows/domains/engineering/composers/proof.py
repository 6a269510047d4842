"""Proves a choice of bugs: all at once, in the runner of the examination, over the tests that can notice them."""

from dataclasses import dataclass

from flows.domains.contract import Refused
from flows.domains.engineering.composers.choose import Chosen
from flows.domains.engineering.measure.baseline import function_of
from flows.domains.engineering.measure.laboratory import Laboratory

MAX_FAILING = 400
"""Tests that a task may fail; beyond it the tree is broken rather than faulty."""


@dataclass(frozen=True)
class Effect:
    """The green tests of a tree by what all bugs of a task do to them together."""

    fail_to_pass: frozenset[str]
    pass_to_pass: frozenset[str]


def prove(laboratory: Laboratory, chosen: Chosen) -> Effect:
    """The effect of all bugs together.

    Raises Refused if the run reached a limit, or if a bug is masked: one of its own tests passes in spite of it.
    """
    baseline = laboratory.baseline
    select = frozenset[str]().union(*(baseline.covering(bug.functions) for bug in chosen.bugs))
    suite = laboratory.run(chosen.bugs, select)
    if suite.limit or not select <= suite.results.keys():
        raise Refused("compound_unfinished")
    failing = suite.broken & baseline.green
    failing_functions = frozenset(map(function_of, failing))
    if any(not own <= failing_functions for own in chosen.own.values()):
        raise Refused("masked")
    if len(failing) > MAX_FAILING:
        raise Refused("many_failing")
    return Effect(failing, baseline.green - failing)
