"""Proves a brief's constraints: one text satisfies all, no plain text any, and a text that lacks one is caught."""

from collections.abc import Mapping, Sequence
from random import Random

from flows.domains.contract import Refused
from flows.domains.instruction_following.families import FAMILIES, Constraint
from flows.domains.instruction_following.families.delivery import Delivery
from flows.domains.instruction_following.families.family import Goal
from flows.domains.instruction_following.families.outline import Outline
from flows.domains.instruction_following.texts.recount import again


def written(report: str, constraints: Sequence[Constraint]) -> Delivery:
    """The delivery of a writer that satisfies these constraints."""
    outline = Outline(report)
    for one in sorted(constraints, key=lambda one: (FAMILIES[one.family].phase, one.family)):
        FAMILIES[one.family].write(outline, one.goal)
    return outline.delivery()


def satisfied(delivery: Delivery, constraint: Constraint) -> bool:
    """True if the delivery satisfies the constraint."""
    return FAMILIES[constraint.family].check(delivery, constraint.goal)


def compatible(report: str, constraints: Sequence[Constraint]) -> list[Constraint]:
    """The constraints without those that the writer cannot satisfy together with the others."""
    kept = list(constraints)
    while True:
        delivery = written(report, kept)
        missed = [one for one in kept if not satisfied(delivery, one)]
        if not missed:
            return kept
        kept.remove(missed[-1])


def unmet(constraints: Sequence[Constraint], plain: Sequence[Delivery]) -> list[Constraint]:
    """The constraints that no plain text satisfies."""
    return [one for one in constraints if not any(satisfied(delivery, one) for delivery in plain)]


def prove(report: str, constraints: Sequence[Constraint], draws: Random) -> Delivery:
    """The delivery that satisfies all. Raises Refused if it does not, or if a text that lacks one is not caught."""
    whole = written(report, constraints)
    if not all(satisfied(whole, one) for one in constraints):
        raise Refused("constraints_conflict")
    for place, one in enumerate(constraints):
        others = [*constraints[:place], *constraints[place + 1 :]]
        if satisfied(written(report, others), one):
            raise Refused("drop_unnoticed")
        missed = Constraint(one.family, missed_goal(one, draws))
        if satisfied(written(report, [*others, missed]), one):
            raise Refused("miss_unnoticed")
    return whole


def missed_goal(constraint: Constraint, draws: Random) -> Goal:
    """A goal close to that of the constraint, which a text cannot satisfy together with it."""
    return FAMILIES[constraint.family].miss(constraint.goal, draws)


def prove_facts(constraints: Sequence[Constraint], texts: Mapping[str, str]) -> None:
    """Raises Refused if a fact, computed again from the text that tools show, differs."""
    for fact in (fact for one in constraints for fact in one.facts):
        try:
            found = again(texts[fact.document], fact.kind, fact.arguments)
        except (LookupError, StopIteration, ValueError) as error:
            raise Refused("truth_differs") from error
        if found != fact.value:
            raise Refused("truth_differs")
