"""Computes a study again: lists and numbers are read from page texts, units converted by pint, by other formulas.

A study is refused if the two ways differ: then a careful reader could come to another answer, too.
"""

import re
from collections.abc import Mapping, Sequence

from flows.domains.science.literature.study import Part, Study
from flows.domains.science.literature.units import conversions
from flows.domains.search.sets.graph import Attribute, Page, Rows
from flows.domains.search.sets.naming import folded
from flows.domains.search.sets.recount import bare, members_of, rows_of, value_of

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
    cells = _cells(part.rows) if part.rows else {}
    pages = [*cells] if cells else members_of(part.listed, part.listed.members)
    counting = [page for page in pages if page in part.pages]
    if len(counting) != len(part.pages):
        raise LookupError(f"the list of {part.listed.hub.url} names other pages")
    columns = [
        [cells[page] if part.rows and not at else _read(one, page) for page in counting]
        for at, one in enumerate(part.quantities)
    ]
    found = part.procedure.check(factor, *(columns if len(columns) > 1 else [*columns, []]))
    return {name: _back(value, part.unit_of(name)) for name, value in found.items()}


def _cells(rows: Rows) -> dict[Page, float]:
    """The numbers of a table's column by page, from the text. Raises LookupError if it reads otherwise."""
    try:
        return {
            rows.pages[folded(bare(row[rows.key]))]: float(bare(row[rows.column]).split()[0].replace(",", ""))
            for row in rows_of(rows.table.page, rows.table.heading)
        }
    except (KeyError, IndexError, ValueError) as error:
        raise LookupError(f"the table {rows.table.heading!r} reads otherwise: {error!r}") from error


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
