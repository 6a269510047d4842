"""A part of the lake: every mart over some nights, or over one domain, counts these alone."""

from pathlib import Path

import pytest

from tests.doubles.lakes.nights import FIRST, Made, write_nights
from tests.doubles.lakes.small_lake import make_small_lake, write_decisions, write_records
from warehouse.connect import connect, sql_files
from warehouse.console.stats import frame
from warehouse.lake import Lake
from warehouse.query import run_checks
from warehouse.scope import Scope, ScopeError, narrow

NIGHTS = (Made(tasks=10, kept=6), Made(tasks=8, kept=3, solved=5), Made(tasks=5, kept=2, solved=4))


def counts(lake: Lake, scope: Scope) -> dict[str, int]:
    """Attempts, trajectories, calls and tasks that the marts count within the scope."""
    with connect(lake) as con:
        narrow(con, scope)
        funnel = frame(con, "funnel").filter(domain="all", fate="planned")
        return {
            "attempts": int(funnel["attempts"].sum()),
            "trajectories": int(frame(con, "trajectory_stats")["trajectories"].sum()),
            "calls": int(frame(con, "tool_use")["calls"].sum()),
            "tasks": int(frame(con, "composer_quality")["tasks"].sum()),
            "signals": frame(con, "shortcut_signals").height,
        }


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
            frame(con, mart)


def test_marts_by_night_agree_with_the_marts_of_that_night(tmp_path: Path) -> None:
    """A trend whose points differ from the night's own page makes both useless."""
    lake = Lake(tmp_path / "lake")
    write_nights(lake, *NIGHTS)
    with connect(lake) as con:
        trends = {mart: frame(con, mart) for mart in ("night_funnel", "night_horizon", "night_tools", "night_cost")}
        assert not any(run_checks(con).values())
    for day in (1, 2, 3):
        run_id = str(FIRST.replace(day=day))
        with connect(lake) as con:
            narrow(con, Scope.of_night(run_id))
            funnel, tools = frame(con, "funnel"), frame(con, "tool_use")
            (lengths,) = frame(con, "trajectory_stats").iter_rows(named=True)
        tonight = {mart: rows.filter(run_id=run_id) for mart, rows in trends.items()}
        shown = ["domain", "fate", "reason", "attempts", "tokens", "share"]
        assert tonight["night_funnel"].select(shown).rows() == funnel.select(shown).rows()
        shown = ["domain", "tool", "calls", "ok", "truncated", "fault", "mean_chars"]
        assert tonight["night_tools"].select(shown).rows() == tools.select(shown).rows()
        search = tonight["night_horizon"].filter(domain="search")
        for name in ("trajectories", "tokens", "mean_tokens", "p50_tokens", "p90_tokens", "mean_calls"):
            assert search[name][0] == pytest.approx(lengths[name])
        assert set(tonight["night_funnel"]["date"].to_list()) == {FIRST.replace(day=day)}
        assert tonight["night_cost"].height == 1
