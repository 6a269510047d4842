"""Proves every step of a study: numbers are read from the pages' own texts and computed again in another way.

The first way computes from the drawn numbers, in plain Python. The second converts the shown quantities with pint and
uses the topic's own second method, most often a package of the extra `science`.
"""

from importlib.util import find_spec
from typing import Any

from flows.domains.contract import Refused
from flows.domains.science.study.parts import Part, Study
from flows.domains.science.topics.topic import EXPRESSION
from flows.domains.science.topics.units import converted

PACKAGES = ("pint", "sympy", "rdkit", "Bio", "astropy", "scipy")
APART = 0.01
"""Share by which no single value may come near the index."""
AGREEMENT = 1e-5
"""Share by which the two ways may differ, most of it from rounded constants of nature."""


class MissingPackages(Exception):
    """The extra `science` is not installed; the message names the command that installs it."""


def require_packages() -> None:
    """Raises MissingPackages if a package of the second ways is missing."""
    if missing := [one for one in PACKAGES if find_spec(one) is None]:
        raise MissingPackages(
            f"the domain science computes each step twice and needs {', '.join(missing)}: "
            'pip install "horizon-factory[science]", or give science no share in [tasks.share]'
        )


def prove(study: Study) -> list[dict[str, Any]]:
    """The steps of each part. Raises Refused if the two ways differ in any, or if a guess or a step is near the index.

    The guess is the index of results that are all equal to their reference levels.
    """
    found = [_proven(part) for part in study.parts]
    index = study.index([float(steps[part.topic.result.name]) for part, steps in zip(study.parts, found, strict=True)])
    values = [one for steps in found for one in steps.values() if not isinstance(one, str)]
    if any(abs(one - index) < APART * index for one in (*values, sum(one.weight for one in study.terms))):
        raise Refused("guessable")
    return found


def _proven(part: Part) -> dict[str, Any]:
    first = part.topic.solve(part.given(part.chosen))
    second = part.topic.check(_read(part))
    units = {step.name: step.unit for step in part.topic.steps}
    if set(first) != set(second):
        raise Refused("unchecked_step")
    if any(not _agree(first[name], second[name], units[name]) for name in first):
        raise Refused("two_ways_differ")
    return first


def _read(part: Part) -> dict[str, Any]:
    """The quantities as the pages show them, in the units of the steps."""
    found = dict[str, Any]()
    shown = part.shown()
    for quantity in part.topic.quantities:
        text = shown[quantity.name]
        if quantity.drawn:
            found[quantity.name] = int(text) if quantity.whole else converted(text, quantity.unit)
        else:
            found[quantity.name] = text
    return found


def _agree(one: Any, other: Any, unit: str) -> bool:
    if unit == EXPRESSION:
        import sympy

        return bool(sympy.expand(sympy.sympify(one) - sympy.sympify(other)) == 0)
    if isinstance(one, str):
        return bool(one == other)
    return bool(abs(one - other) <= AGREEMENT * abs(one))
