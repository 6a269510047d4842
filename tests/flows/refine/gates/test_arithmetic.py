"""Sums, shares and conversions are no invented numbers."""

import pyarrow as pa
import pytest

from flows.refine.gates.arithmetic import underived


@pytest.mark.parametrize(
    ("numbers", "given"),
    [
        (["11.61", "76.11", "25.37"], [64.5, 18, 3]),  # a tip, the bill with it, and a third of that
        (["300", "50"], [250, 20]),  # a price with its tax, and the tax
        (["16435", "17160", "3451.35", "1671.6"], [8120, 8475, 9040, 7960, 0.21]),  # sums and their costs
        (["7.7"], [12.4]),  # miles of kilometres
        (["1500"], [1475, 3]),  # rounded
        (["17.6"], [2015, 40, 2020, 90]),  # growth a year
        (["2026"], [1767225600]),  # seconds since 1970
        (["404"], [403, 2]),  # another status of a server
        ([], []),
    ],
)
def test_a_number_that_follows_is_derived(numbers: list[str], given: list[float]) -> None:
    """A good answer that adds up what it read would be refused as invented."""
    assert _underived(numbers, given) == []


@pytest.mark.parametrize(
    ("numbers", "given"),
    [(["0.941", "0.803"], [5574, 0.978, 0.911]), (["148200"], [14]), (["8.1"], [96, 8.4, 58]), (["87.4"], [2011])],
)
def test_a_number_from_nowhere_is_not(numbers: list[str], given: list[float]) -> None:
    """With a wide tolerance, some pair of numbers gives nearly any number, and no invention is found."""
    assert _underived(numbers, given, has_percent=False) == numbers


TABLE = [1, 412, 18334.5, 2, 388, 17210, 3, 455, 20112.75, 1, 297, 12904.1, 2, 310, 13550, 3, 342, 15021.35]
"""The rows of a table: month, units, revenue."""


def test_sums_of_a_column_are_derived_and_other_numbers_are_not() -> None:
    """A long table must not excuse every number beside it, nor its totals convict."""
    assert _underived(["1255", "949", "9.7", "55657.25", "734.7"], TABLE) == []
    assert _underived(["1255", "87654", "4.4441"], TABLE) == ["87654", "4.4441"]


def test_nothing_is_said_of_rows_without_numbers() -> None:
    """A null would refuse an attempt without numbers."""
    rows = underived(pa.array([None, ["1"]]), pa.array([[1.0], None]), pa.array([True, None]))
    assert rows.to_pylist() == [None, None]


def _underived(numbers: list[str], given: list[float], has_percent: bool = True) -> list[str]:
    rows = underived(
        pa.array([numbers], pa.list_(pa.string())), pa.array([given], pa.list_(pa.float64())), pa.array([has_percent])
    )
    [found] = rows.to_pylist()
    return found or []
