"""Compares the rows of an answer's table with the truth: rows by their key, cells by their spelling or their value.

A truth without a key is compared row by row as a whole, in any order.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from flows.domains.quantities import Quantity, read_quantity
from flows.domains.spelling import spelled

ROUNDING = 1e-9
EMPTY = frozenset(("", "-", "none", "null", "n/a", "n a"))
"""Spellings of a cell without a value."""


def compared(truth: Mapping[str, Any], rows: Sequence[Sequence[str]]) -> tuple[str, float]:
    """The reason code of a table against its truth, and F1 of its cells, 0 to 1."""
    places = [truth["columns"].index(name) for name in truth.get("key") or truth["columns"]]
    tolerance = truth.get("relative_tolerance") or ROUNDING
    left, right, wrong = list(truth["rows"]), 0, 0
    unknown = list[Sequence[str]]()
    for row in rows:
        match = next((one for one in left if all(_equal(one[at], row[at], tolerance) for at in places)), None)
        if match is None:
            unknown.append(row)
            continue
        left.remove(match)
        equal = sum(map(_equal, match, row, [tolerance] * len(row)))
        right, wrong = right + equal, wrong + len(row) - equal
    cells = (len(truth["rows"]) + len(rows)) * len(truth["columns"])
    return _reason(rows, places, left, unknown, wrong), 2 * right / cells if cells else 1.0


def _reason(rows: Sequence[Sequence[str]], places: Sequence[int], left: object, unknown: object, wrong: int) -> str:
    if not left and not unknown:
        return "wrong_cells" if wrong else "ok"
    keys = Counter(tuple(spelled(row[at]) for at in places) for row in rows)
    if not left and max(keys.values(), default=0) > 1:
        return "repeated_rows"
    return "missing_rows" if left else "extra_rows"


def _equal(truth: Any, cell: str, tolerance: float) -> bool:
    if truth is None:
        return spelled(cell) in EMPTY
    if isinstance(truth, bool) or not isinstance(truth, int | float):
        return spelled(str(truth)) == spelled(cell)
    read = read_quantity(cell)
    return isinstance(read, Quantity) and abs(read.value - truth) <= tolerance * abs(truth)
