"""`factory sql`: every output format, refusal of statements that do more than read, and answers during a run."""

import csv
import io
import json
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.doubles.lakes.small_lake import write_small_lake
from warehouse.connect import connect
from warehouse.lake import Lake
from warehouse.query import QueryError, print_sql

DAY = date(2026, 11, 20)
BY_STATUS = "select status, count(*) as n, list(sample order by sample) as samples from trajectories group by 1"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake(tmp_path / "lake")
    lake.prepare()
    write_small_lake(lake, DAY)
    return lake


def test_every_format_gives_the_same_rows(lake: Lake, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    expected = {"status": "answered", "n": 12, "samples": [0] * 6 + [1] * 6}
    with connect(lake) as con:
        print_sql(con, BY_STATUS, "json")
        assert json.loads(capfd.readouterr().out) == [expected]
        print_sql(con, BY_STATUS, "csv")
        printed = capfd.readouterr().out
        assert "\r" not in printed  # line endings that shell pipelines expect
        row = next(csv.DictReader(io.StringIO(printed)))
        assert (row["status"], int(row["n"]), json.loads(row["samples"])) == tuple(expected.values())
        print_sql(con, BY_STATUS, "parquet", tmp_path / "rows.parquet")
        assert pq.read_table(tmp_path / "rows.parquet").to_pylist() == [expected]
        print_sql(con, BY_STATUS)
        assert "answered" in capfd.readouterr().out


def test_no_rows_are_valid_json(lake: Lake, capfd: pytest.CaptureFixture[str]) -> None:
    with connect(lake) as con:
        print_sql(con, "from trajectories where false", "json")
    assert json.loads(capfd.readouterr().out) == []


@pytest.mark.parametrize(
    "text",
    [
        "copy trajectories to '{out}'",
        "create table t as from trajectories",
        "attach '{out}'",
        "install httpfs",
        "load httpfs",
        "set threads = 1",
        "call enable_logging()",
        "explain analyze copy trajectories to '{lake}/x.parquet'",
        "export database '{out}'",
        "drop view turns",
        "select 1; copy trajectories to '{out}'",
        "pragma enable_profiling",
        "prepare q as copy trajectories to '{out}'",
        "from read_text('{secret}')",
        "from '{secret}'",
        "from read_csv('{lake}/../secret.csv')",
        "from enable_logging(storage := 'file', storage_path := '{lake}/log')",
        "selct 1",
        "",
    ],
)
def test_statements_that_do_more_than_read_the_lake_are_refused(text: str, lake: Lake, tmp_path: Path) -> None:
    """A query of an untrusted program or person can change nothing, and read nothing but the lake."""
    secret, out = tmp_path / "secret.csv", tmp_path / "out.parquet"
    secret.write_text("password\n")
    before = sorted(tmp_path.rglob("*"))
    with connect(lake) as con, pytest.raises(QueryError):
        print_sql(con, text.format(out=out, lake=lake.root, secret=secret), "json")
    assert [path for path in sorted(tmp_path.rglob("*")) if path not in before] == []


def test_a_failed_query_leaves_no_file(lake: Lake, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    with connect(lake) as con, pytest.raises(QueryError):
        print_sql(con, "select error(status) from trajectories", "csv", out)
    assert not out.exists()


def test_a_pages_escape_sequences_do_not_reach_the_terminal(lake: Lake, capfd: pytest.CaptureFixture[str]) -> None:
    with connect(lake) as con:
        print_sql(con, "select 'a' || chr(27) || '[31mred' || chr(8238) || '[bold]' as text")
    printed = capfd.readouterr().out
    assert "\\x1b[31mred\\x202e[bold]" in printed
    assert "\x1b[31m" not in printed


def test_an_open_connection_sees_later_parts(lake: Lake) -> None:
    """One connection serves a dashboard all night, without a lock and without reopening."""
    with connect(lake) as con:
        write_small_lake(lake, date(2026, 11, 21), seed=1)
        assert con.execute("select count(*) from trajectories").fetchall() == [(24,)]
