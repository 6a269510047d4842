"""Quantities with units by pint, for the second way of computing; the registry takes a second to build once."""

from functools import cache
from typing import Any


def quantity(value: float, unit: str) -> Any:
    """A pint quantity."""
    return _registry().Quantity(value, unit)


def converted(shown: str, unit: str) -> float:
    """The number that a page shows with its unit, such as `250 mL`, in another unit."""
    number, _, written = shown.partition(" ")
    return float(quantity(float(number), written).to(unit).magnitude) if unit else float(shown)


@cache
def _registry() -> Any:
    import pint

    return pint.UnitRegistry(cache_folder=None)
