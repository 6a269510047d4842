"""A study over pages: parts with their samples and procedures, and all steps computed from the graph's numbers.

Each part takes the result of the part before it as its factor, so that no part can be left out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from flows.domains.science.literature.procedures import Procedure
from flows.domains.science.literature.units import Conversion, conversions
from flows.domains.search.sets.graph import Attribute, Listed, Page, Rows

FACTORS = (0.02, 50.0)
"""Least and greatest result with which the next part can go on."""


class Undecided(ValueError):
    """The numbers do not decide a step."""


@dataclass(frozen=True)
class Part:
    """One part: those pages of a list or a table that state all quantities, and the procedure over their numbers."""

    listed: Listed
    pages: tuple[Page, ...]
    quantities: tuple[Attribute, ...]
    procedure: Procedure
    rows: Rows | None = None
    """The table that names the pages and has x, where a table takes the place of a list."""

    @property
    def whole(self) -> bool:
        """True if every page of the list counts."""
        return len(self.pages) == len(self.listed.members)

    def numbers(self) -> list[list[float]]:
        """The numbers of each quantity, page by page; the second list is empty if there is one quantity."""
        found = [[one.values[page.doc_id] for page in self.pages] for one in self.quantities]
        return found if len(found) > 1 else [*found, []]

    def without(self, page: Page) -> "Part":
        """The part as it is if the page is not found."""
        return replace(self, pages=tuple(one for one in self.pages if one != page))

    def unit_of(self, step: str) -> str | None:
        """The unit of a step, as pages write it; None for a number without a unit."""
        which = self.procedure.steps[step]
        return self.quantities["xy".index(which)].unit if which else None

    def solve(self, factor: float) -> Mapping[str, float]:
        """The value of each step. Raises Undecided."""
        try:
            found = self.procedure.compute(factor, *self.numbers())
        except (ValueError, OverflowError, ZeroDivisionError) as error:
            raise Undecided(str(error)) from error
        if not all(math.isfinite(one) for one in found.values()):
            raise Undecided("a step has no finite value")
        if not FACTORS[0] <= found[self.procedure.result] <= FACTORS[1]:
            raise Undecided("the result is too small or too great to go on with")
        return found


@dataclass(frozen=True)
class Study:
    """All parts, and the factor of the first."""

    start: float
    parts: tuple[Part, ...]

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages whose numbers count, in the order of reading."""
        return tuple(page for part in self.parts for page in part.pages)

    @property
    def hubs(self) -> tuple[Page, ...]:
        """The pages that are named, with a list each."""
        return tuple(part.listed.hub for part in self.parts)

    @property
    def conversion(self) -> Conversion | None:
        """The conversion of the answer into its wanted unit; None if it is a number without a unit."""
        last = self.parts[-1]
        measure = last.procedure.measure
        return conversions().get(last.unit_of(measure) or "") if measure else None

    @property
    def wanted(self) -> str:
        """The step of the last part that is the answer: its measure in another unit, else its result."""
        last = self.parts[-1].procedure
        return last.measure if last.measure and self.conversion else last.result

    def solve(self) -> list[Mapping[str, float]]:
        """The steps of each part. Raises Undecided."""
        return solve(self.parts, self.start)

    def answer(self, steps: Sequence[Mapping[str, float]]) -> float:
        """The answer from the steps, in its wanted unit."""
        value, conversion = steps[-1][self.wanted], self.conversion
        return value * conversion.factor if conversion else value


def solve(parts: Sequence[Part], factor: float) -> list[Mapping[str, float]]:
    """The steps of parts that follow each other. Raises Undecided."""
    found = list[Mapping[str, float]]()
    for part in parts:
        found.append(part.solve(factor))
        factor = found[-1][part.procedure.result]
    return found
