"""Reads the figures of one night beside the median of the nights before it, from the lake.

A median rather than a mean, so that one night that failed does not lower the bar for the next.
"""

from dataclasses import dataclass

import duckdb

from warehouse.connect import execute, query

ENOUGH_NIGHTS = 3
"""Earlier nights below this number give no median to compare with."""
KEPT, TOKENS, PASS_RATE, PAGES = "kept rows", "tokens", "pass rate", "fetched pages"
NAMES = (KEPT, TOKENS, PAGES, PASS_RATE)


@dataclass(frozen=True)
class Figure:
    """One figure of a night; `usual` is None with fewer than ENOUGH_NIGHTS earlier nights that have the figure."""

    name: str
    tonight: float
    usual: float | None
    nights: int
    """Earlier nights behind `usual`."""
    is_known: bool = True
    """False for a pass rate of a night without a judged attempt."""

    @property
    def fall(self) -> float:
        """Share by which the figure lies below the usual one, 0 to 1; 0 without a fall or anything to compare."""
        if not self.usual or not self.is_known:
            return 0.0
        return max(0.0, 1 - self.tonight / self.usual)


def figures(con: duckdb.DuckDBPyConnection, run_id: str, nights: int) -> list[Figure]:
    """All figures of a night, in the order of NAMES, each beside its median over up to `nights` earlier nights."""
    text = query("notify", "against_last_nights")
    rows = execute(con, text, {"run_id": run_id, "nights": nights}).fetchall()
    found = {name: (tonight, usual, count) for name, tonight, usual, count in rows}
    return [_figure(name, *found.get(name, (None, None, 0))) for name in NAMES]


def _figure(name: str, tonight: float | None, usual: float | None, nights: int) -> Figure:
    known = tonight is not None or name != PASS_RATE
    return Figure(name, tonight or 0.0, usual if nights >= ENOUGH_NIGHTS else None, nights, known)
