"""Reads the figures of one night from the lake: its own, those of the night before, and the nights up to it.

The figures of the night come from the marts, narrowed to it; the trends from the marts that go night by night. The
same lake gives the same figures: no clock is read.
"""

from dataclasses import dataclass, field
from typing import Any

import duckdb

from warehouse.connect import connect, execute, query
from warehouse.lake import Lake
from warehouse.scope import Scope, narrow

Row = dict[str, Any]
TREND_NIGHTS = 30
"""Nights of a trend, the page's own last."""
CLUSTERS = 10
TONIGHT = ("funnel", "horizon_histogram", "tool_use", "censoring")
TRENDS = ("night_funnel", "night_horizon", "night_cost", "nights")


class ReportError(Exception):
    """The lake has no attempt of the night; the message gives the next step."""


@dataclass(frozen=True)
class NightFigures:
    """Rows by name: marts narrowed to the night, and `trends`, marts of the nights up to it, in their order."""

    run_id: str
    before: str | None
    """The night before it that has an attempt."""
    tonight: dict[str, list[Row]]
    trends: dict[str, list[Row]]
    release: Row | None
    """The newest release up to the night: release_id, location, rows, tokens, run_id."""
    nights: list[str] = field(default_factory=list)
    """Nights of the trends, oldest first."""

    def of(self, mart: str, run_id: str | None, **values: object) -> list[Row]:
        """Rows of a trend's mart for one night, with these values in their columns."""
        wanted = {"run_id": run_id, **values}
        return [row for row in self.trends[mart] if all(row[name] == value for name, value in wanted.items())]


def read_figures(lake: Lake, run_id: str | None = None, **limits: Any) -> NightFigures:
    """The figures of a night, the newest by default; `limits` are those of `warehouse.connect.connect`.

    Raises ReportError if the lake has no attempt of the night.
    """
    with connect(lake, **limits) as con:
        known = [night for (night,) in con.execute(query("report", "attempted_nights")).fetchall()]
        if run_id is None and known:
            run_id = known[0]
        if run_id is None or run_id not in known:
            raise ReportError(_missing(run_id, known))
        nights = [night for night in reversed(known) if night <= run_id][-TREND_NIGHTS:]
        trends = {mart: _of_nights(con, mart, nights) for mart in TRENDS}
        release = _rows(con, query("report", "night_release"), run_id=run_id)
    with connect(lake, **limits) as con:
        narrow(con, Scope.of_night(run_id))
        tonight = {mart: _rows(con, f"from {mart}") for mart in TONIGHT}
        for name in ("pass_by_hops", "refused_examples", "night_clusters", "night_faults"):
            tonight[name] = _rows(con, query("report", name), limit=CLUSTERS)
    before = nights[-2] if len(nights) > 1 else None
    return NightFigures(run_id, before, tonight, trends, release[0] if release else None, nights)


def _missing(run_id: str | None, known: list[str]) -> str:
    if not known:
        return "the lake has no attempt yet: `factory run` makes a night"
    return f"the lake has no attempt of the night {run_id}; the newest ones are {', '.join(known[:5])}"


def _of_nights(con: duckdb.DuckDBPyConnection, mart: str, nights: list[str]) -> list[Row]:
    return [row for row in _rows(con, f"from {mart}") if row["run_id"] in set(nights)]


def _rows(con: duckdb.DuckDBPyConnection, text: str, **parameters: object) -> list[Row]:
    result = execute(con, text, parameters)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]
