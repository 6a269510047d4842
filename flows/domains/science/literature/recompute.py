"""Computes a study again: lists and numbers are read from page texts, units converted by pint, by other formulas.

A study is refused if the two ways differ: then a careful reader could come to another answer, too.
"""

import re
from collections.abc import Mapping, Sequence

from flows.domains.science.literature.study import Part, Study
from flows.domains.science.literature.units import conversions
from flows.domains.search.sets.graph import Attribute, Page
from flows.domains.search.sets.recount import members_of, value_of

AGREEMENT = 1e-7
"""Share by which the two ways may differ."""


def agrees(study: Study, steps: Sequence[Mapping[str, float]]) -> bool:
    """True if the second way gives the same steps. Raises LookupError if a text does not give one number."""
    factor = study.start
    for part, first in zip(study.parts, steps, strict=True):
        second = _again(part, factor)
        if set(first) != set(second) or not all(_near(first[name], second[name]) for name in first):
            return False
        factor = second[part.procedure.result]
    return True


def answer_agrees(study: Study, answer: float, steps: Sequence[Mapping[str, float]]) -> bool:
    """True if pint gives the same answer of the last part."""
    conversion, value = study.conversion, steps[-1][study.wanted]
    return _near(answer, conversion.by_pint(value) if conversion else value)


def _again(part: Part, factor: float) -> Mapping[str, float]:
    pages = members_of(part.listed, part.listed.members)
    counting = [page for page in pages if page in part.pages]
    if len(counting) != len(part.pages):
        raise LookupError(f"the list of {part.listed.hub.url} names other pages")
    columns = [[_read(one, page) for page in counting] for one in part.quantities]
    found = part.procedure.check(factor, *(columns if len(columns) > 1 else [*columns, []]))
    return {name: _back(value, part.unit_of(name)) for name, value in found.items()}


def _read(quantity: Attribute, page: Page) -> float:
    """The number of a page's text, in the unit that pint knows for it. Raises LookupError."""
    value = value_of(quantity, page)
    if quantity.unit is None:
        return value
    if not re.search(rf"\d\s?{re.escape(quantity.unit)}(?!\w)", page.text):
        raise LookupError(f"{page.url} writes no number in {quantity.unit}")
    conversion = conversions().get(quantity.unit)
    return conversion.by_pint(value) if conversion else value


def _back(value: float, unit: str | None) -> float:
    conversion = conversions().get(unit or "")
    return value / conversion.factor if conversion else value


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= AGREEMENT * abs(one)
