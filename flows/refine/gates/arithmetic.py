"""Finds the numbers of an answer that no arithmetic gives from the numbers which the agent had in view.

A good answer adds, compares, averages and converts the numbers of the task and the results, in several steps: a
number that follows may give another. Each step is checked to the last digit of the answer: with a wider
tolerance, some pair of numbers gives nearly any number.
A negative number in view is one in words, which only multiplies: `three pieces`. Of many numbers, sums and means of
rows are tried, in their order, and single steps.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
import pyarrow as pa

ARITHMETIC_VERSION = "3"
"""Raise it whenever the same numbers could be derived otherwise."""
STEPS = 3
"""Steps from the numbers in view to a number of the answer."""
MOST_GIVEN = 12
"""Of more numbers than these, some pair gives nearly any number by chance: only totals and single steps are tried."""
MOST_COLUMNS = 8
"""Columns of a table that many numbers may be."""
MOST_ADDED = 8
"""Numbers of which any three or more may be added, as the rows of a table."""
FEW = 4
"""Of so many numbers at most, one in another unit, or between two of them, is no chance."""
FACTORS = (2, 7, 10, 12, 24, 60, 100, 365, 1000, 1024, 3600)
"""Units of time, size and money, as multiples of each other."""
CONVERSIONS = (1.6093, 3.2808, 0.3048, 2.54, 0.3937, 0.4536, 2.2046, 3.6, 28.35, 3.785, 0.2642, 0.6214)
"""Units of length, weight, speed and volume, per unit of another system."""
STATUSES = frozenset({400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 429, 500, 501, 502, 503, 504})
"""Statuses of servers: beside one of them, another is an explanation."""
EPOCHS = ((9e8, 2.2e9), (9e11, 2.2e12))
"""Seconds or milliseconds since 1970 that are a date of these decades."""


def underived(numbers: pa.Array, given: pa.Array, has_percent: pa.Array) -> pa.ListArray:
    """For each row the numbers, as a program spells them, that follow from none of the given ones; null for null."""
    rows = zip(numbers.to_pylist(), given.to_pylist(), has_percent.to_pylist(), strict=True)
    found = [
        None if texts is None or values is None else _underived(texts, values, bool(rates))
        for texts, values, rates in rows
    ]
    return pa.array(found, pa.list_(pa.string()))


def _underived(texts: Sequence[str], values: Sequence[float | None], rates: bool) -> list[str]:
    known = sorted({value for value in values if value is not None and value >= 0})
    multipliers = [*FACTORS, *(-value for value in values if value is not None and value < 0)]
    if any(low < value < high for value in known for low, high in EPOCHS):
        return []
    left = [(text, float(text), _half_of_last_digit(text)) for text in texts if _is_number(text)]
    if len(known) > MOST_GIVEN:
        return _underived_of_table(left, [value for value in values if value is not None and value >= 0], rates)
    totals = _totals(known)
    for _ in range(STEPS):
        exact = [*_multiples(known, multipliers), *totals]
        steps = [*_in_one_step(known, rates), sum(known), sum(known) / max(len(known), 1)]
        found = [
            one
            for one in left
            if any(abs(step - one[1]) <= one[2] for step in steps)
            or any(abs(step - one[1]) <= min(one[2], 0.51) for step in exact)
            or _lies_near(one[1], known)
        ]
        if not found:
            break
        known += [value for _, value, _ in found]
        left = [one for one in left if one not in found]
    return [text for text, _, _ in left]


def _underived_of_table(left: list[tuple[str, float, float]], values: Sequence[float], rates: bool) -> list[str]:
    """The numbers that are no sum or mean of rows, and follow in one step from no two values or numbers so derived."""
    known = np.unique([*values, *_sums_of_rows(values)])
    for _ in range(STEPS):
        steps = _simple_steps(np.unique(values), known, rates)
        found = [one for one in left if (np.abs(steps - one[1]) <= one[2]).any()]
        if not found:
            break
        values = [*values, *(value for _, value, _ in found)]
        known = np.append(known, [value for _, value, _ in found])
        left = [one for one in left if one not in found]
    return [text for text, _, _ in left]


def _sums_of_rows(values: Sequence[float]) -> Iterator[float]:
    """Sums and means of two and more rows that follow each other, in each column of a table of up to MOST_COLUMNS."""
    for columns in range(1, MOST_COLUMNS + 1):
        for column in range(columns):
            sums = np.cumsum([0.0, *values[column::columns]])
            for rows in range(2, len(sums)):
                yield from sums[rows:] - sums[:-rows]
                yield from (sums[rows:] - sums[:-rows]) / rows


def _simple_steps(values: Any, known: Any, rates: bool) -> Any:
    """Results of one step from two values, or from one and a unit."""
    one, other = values[:, None], values[None, values > 0]
    steps = [known, *(known * factor for factor in FACTORS), *(known / factor for factor in FACTORS)]
    steps += [one + other, np.abs(one - other), one * other, one / other]
    if rates:
        steps += [100 * one / other, 100 * np.abs(one - other) / other]
    return np.concatenate([step.ravel() for step in steps])


def _in_one_step(known: Sequence[float], rates: bool) -> Iterator[float]:
    for one, other in product(known, known):
        if 2 <= other <= 10 and other == int(other) and 1 < one < 100:
            yield one**other
        yield from (one + other, abs(one - other), one * other, (one + other) / 2)
        if other:
            yield from (one / other, 100 * one / other, 100 * abs(one - other) / other)
        if rates:
            yield from (one * other / 100, one * (1 - other / 100), one * (1 + other / 100))
    if len(known) <= FEW:
        for one in known:
            yield from (one * factor for factor in CONVERSIONS)
            yield from ((one - 32) / 1.8, one * 1.8 + 32)
    if len(known) <= 2 * FEW:
        growths = [high / low for low, high in product(known, known) if 0 < low < high < 2 * low]
        yield from (one * growth for one, growth in product(known, growths))
    if rates and len(known) <= FEW:
        spans = {abs(one - other) for one, other in product(known, known)} | set(known)
        yield from (
            100 * ((high / low) ** (1 / span) - 1)
            for low, high, span in product(known, known, spans)
            if 0 < low < high and 1 < span < 100
        )


def _multiples(known: Sequence[float], multipliers: Sequence[float]) -> Iterator[float]:
    for one, factor in product(known, multipliers):
        yield from (one * factor, one / factor)


def _totals(known: Sequence[float]) -> set[float]:
    """Sums of three numbers and more, of few."""
    if len(known) > MOST_ADDED:
        return set()
    return {sum(some) for size in range(3, len(known)) for some in combinations(known, size)}


def _lies_near(number: float, known: Sequence[float]) -> bool:
    """True for last digits of a year, a status, a round example, a number in a range, and a rate of a round price."""
    if 1000 <= number < 3000 and any(value == number % 100 for value in known):
        return True
    if number != int(number):
        return False
    if number in STATUSES and not STATUSES.isdisjoint(known):
        return True
    if len(known) >= 3 and number >= 1000 and len(f"{number:.0f}".rstrip("0")) == 1:
        return True
    if len(known) <= FEW and any(0 < low < number < high <= low + 100 for low, high in product(known, known)):
        return True
    return number < 100 and any(_is_round(value / (1 + number / 100)) for value in known)


def _is_round(price: float) -> bool:
    return price >= 100 and abs(price - round(price, -1)) < 0.01


def _half_of_last_digit(text: str) -> float:
    """Half a unit of the last digit that counts: zeros at the end of a whole number may be rounded."""
    whole, _, decimals = text.partition(".")
    if decimals:
        return 0.51 * 10.0 ** -len(decimals)
    zeros = min(len(whole) - len(whole.rstrip("0")), max(len(whole) - 2, 0))
    return 0.51 * 10.0**zeros


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isascii() and text.replace(".", "", 1).isdigit()
