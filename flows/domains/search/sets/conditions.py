"""Conditions on an attribute of pages: at least, at most, a band, or a decade, which hold for some pages of a set.

A condition is derived from the values and quotes none of them alone where it can: a decade is for a year.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from flows.domains.contract import Refused
from flows.domains.search.sets.graph import Attribute, Page
from flows.domains.search.sets.wording import say, say_attribute, shown

LEAST_SELECTED = 2
"""Pages that a condition selects, and that it leaves out, at least."""


@dataclass(frozen=True)
class Condition:
    """Bounds of an attribute, both included, and the words for them."""

    attribute: Attribute
    low: float
    high: float
    words: str

    def selects(self, value: float) -> bool:
        """True if the value is within the bounds."""
        return self.low <= value <= self.high

    def of(self, pages: Sequence[Page]) -> list[Page]:
        """The pages that it selects."""
        values = self.attribute.values
        return [page for page in pages if page.doc_id in values and self.selects(values[page.doc_id])]


def draw_condition(dice: Random, attribute: Attribute, pages: Sequence[Page], most: int = 1_000) -> Condition:
    """A condition that selects some of the pages, at most so many, and not all. Raises Refused if none does."""
    low, high, words = draw_bounds(
        dice, sorted(attribute.values[page.doc_id] for page in pages), most, decades=attribute.is_year
    )
    return Condition(attribute, low, high, f"{say_attribute(dice, attribute)} {words}")


def draw_bounds(
    dice: Random,
    values: Sequence[float],
    most: int = 1_000,
    *,
    decades: bool = False,
    fits: Callable[[float, float], bool] | None = None,
) -> tuple[float, float, str]:
    """Bounds that select some of the sorted values, with words for them.

    Raises Refused: `no_condition` if none do, `reading_length` if none of those passes `fits`.
    """
    options = _options(values, decades=decades)
    few = range(LEAST_SELECTED, min(most, len(values) - LEAST_SELECTED) + 1)
    selecting = [one for one in options if bisect_right(values, one[2]) - bisect_left(values, one[1]) in few]
    if not selecting:
        raise Refused("no_condition")
    fitting = [one for one in selecting if fits is None or fits(one[1], one[2])]
    if not fitting:
        raise Refused("reading_length")
    kind, low, high = dice.choice(fitting)
    return low, high, say(dice, kind, low=shown(low), high=shown(high), decade=shown(low))


def _options(values: Sequence[float], *, decades: bool) -> list[tuple[str, float, float]]:
    distinct = sorted(set(values))
    if decades:
        return [("decade", start, start + 9.0) for start in sorted({value // 10 * 10 for value in distinct})]
    infinite = float("inf")
    bounds: list[tuple[str, float, float]] = [("at_least", one, infinite) for one in distinct[1:]]
    bounds += [("at_most", -infinite, one) for one in distinct[:-1] if one]
    starts = [one for one in enumerate(distinct) if one != (0, 0.0)]  # `at least 0` is no bound where no value is less
    bands = [(low, high) for at, low in starts for high in distinct[at + 1 : at + 6]]
    return bounds + [("between", low, high) for low, high in bands[:200]]
