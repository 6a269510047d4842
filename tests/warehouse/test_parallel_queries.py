"""Parallel queries: each is answered, a failure stops the others, and the connection keeps its settings."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from warehouse.connect import connect, create_shared_table
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.parallel_queries import Query, run_parallel

ENDLESS = "select sum(one.range * other.range) from range(10_000_000) one, range(10_000_000) other"


@pytest.fixture
def con(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with connect(Lake(tmp_path / "lake"), threads=3) as opened:
        create_shared_table(opened, "given", "select range as n from range(100)")
        yield opened


def test_every_query_is_answered_and_reported_once(con: duckdb.DuckDBPyConnection) -> None:
    """A skipped gate would let unchecked rows pass."""

    def query(place: int) -> Query:
        return lambda own: create_shared_table(own, f"found_{place}", f"select sum(n) * {place} as n from given")

    reports: list[tuple[int, int | None]] = []
    run_parallel(con, {f"q{n}": query(n) for n in range(9)}, lambda done, total, note="": reports.append((done, total)))
    assert [con.execute(f"select n from found_{n}").fetchall() for n in range(9)] == [[(4950 * n,)] for n in range(9)]
    assert reports == [(n, 9) for n in range(1, 10)]
    run_parallel(con, {}, silent)


def test_a_failure_is_raised_without_waiting_for_the_other_queries(con: duckdb.DuckDBPyConnection) -> None:
    """An error in a gate's SQL would otherwise be reported after every slow query, or never."""
    queries: dict[str, Query] = {
        "endless": lambda own: own.execute(ENDLESS).fetchall(),
        "wrong": lambda own: own.execute("select nothing from given"),
        "later": lambda own: own.execute(ENDLESS).fetchall(),
    }
    with pytest.raises(duckdb.BinderException, match="nothing"):
        run_parallel(con, queries, silent)
    assert con.execute("select current_setting('threads'), count(*) from given").fetchall() == [(3, 100)]
