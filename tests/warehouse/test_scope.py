"""A part of the lake: every mart over some nights, or over one domain, counts these alone."""

from pathlib import Path
from typing import Any

import pytest

from tests.doubles.lakes.nights import FIRST, Made, write_nights
from tests.doubles.lakes.small_lake import make_small_lake, write_decisions, write_records
from warehouse.connect import connect, sql_files
from warehouse.console.stats import mart_rows
from warehouse.lake import Lake
from warehouse.query import run_checks
from warehouse.scope import Scope, ScopeError, narrow

NIGHTS = (Made(tasks=10, kept=6), Made(tasks=8, kept=3, solved=5), Made(tasks=5, kept=2, solved=4))


def counts(lake: Lake, scope: Scope) -> dict[str, int]:
    """Attempts, trajectories, calls and tasks that the marts count within the scope."""
    with connect(lake) as con:
        narrow(con, scope)
        funnel = mart_rows(con, "funnel")
        return {
            "attempts": sum(row["attempts"] for row in funnel if (row["domain"], row["fate"]) == ("all", "planned")),
            "trajectories": sum(row["trajectories"] for row in mart_rows(con, "trajectory_stats")),
            "calls": sum(row["calls"] for row in mart_rows(con, "tool_use")),
            "tasks": sum(row["tasks"] for row in mart_rows(con, "composer_quality")),
            "signals": len(mart_rows(con, "shortcut_signals")),
        }


def columns(rows: list[dict[str, Any]], *names: str) -> list[list[Any]]:
    """These columns of each row."""
    return [[row[name] for name in names] for row in rows]


def test_nights_add_up_to_the_lake(tmp_path: Path) -> None:
    """Statistics of a night that count other nights, or miss some of its own, would mislead about a change."""
    lake = Lake(tmp_path / "lake")
    last = write_nights(lake, *NIGHTS)
    each = [counts(lake, Scope.of_night(str(FIRST.replace(day=day)))) for day in (1, 2, 3)]
    whole = counts(lake, Scope())
    assert [one["attempts"] for one in each] == [night.tasks for night in NIGHTS]
    assert {name: sum(one[name] for one in each) for name in whole} == whole
    assert counts(lake, Scope(since=str(last))) == each[-1]


def test_domains_add_up_to_the_lake(tmp_path: Path) -> None:
    made = make_small_lake(FIRST, domains=("search", "code"))
    lake = Lake(tmp_path / "lake")
    write_records(lake, FIRST, made)
    write_decisions(lake, FIRST, made)
    each = [counts(lake, Scope(domain=domain)) for domain in ("search", "code")]
    assert {name: sum(one[name] for one in each) for name in each[0]} == counts(lake, Scope())
    with connect(lake) as con, pytest.raises(ScopeError, match="code, search"):
        narrow(con, Scope(domain="poetry"))


def test_every_mart_answers_within_a_scope(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    last = write_nights(lake, *NIGHTS)
    with connect(lake) as con:
        narrow(con, Scope.of_night(str(last)))
        for mart in sql_files("marts"):
            mart_rows(con, mart)


def test_marts_by_night_agree_with_the_marts_of_that_night(tmp_path: Path) -> None:
    """A trend whose points differ from the night's own page makes both useless."""
    lake = Lake(tmp_path / "lake")
    write_nights(lake, *NIGHTS)
    with connect(lake) as con:
        trends = {mart: mart_rows(con, mart) for mart in ("night_funnel", "night_horizon", "night_tools", "night_cost")}
        assert not any(run_checks(con).values())
    for day in (1, 2, 3):
        run_id = str(FIRST.replace(day=day))
        with connect(lake) as con:
            narrow(con, Scope.of_night(run_id))
            funnel, tools = mart_rows(con, "funnel"), mart_rows(con, "tool_use")
            (lengths,) = mart_rows(con, "trajectory_stats")
        tonight = {mart: [row for row in rows if row["run_id"] == run_id] for mart, rows in trends.items()}
        shown = ["domain", "fate", "reason", "attempts", "tokens", "share"]
        assert columns(tonight["night_funnel"], *shown) == columns(funnel, *shown)
        shown = ["domain", "tool", "calls", "ok", "truncated", "fault", "mean_chars"]
        assert columns(tonight["night_tools"], *shown) == columns(tools, *shown)
        search = next(row for row in tonight["night_horizon"] if row["domain"] == "search")
        for name in ("trajectories", "tokens", "mean_tokens", "p50_tokens", "p90_tokens", "mean_calls"):
            assert search[name] == pytest.approx(lengths[name])
        assert {row["date"] for row in tonight["night_funnel"]} == {FIRST.replace(day=day)}
        assert len(tonight["night_cost"]) == 1
