"""Every view and column has a meaning, which clients of `warehouse.duckdb` read as comments."""

import json
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import pytest

from tests.doubles.lakes.small_lake import write_small_lake
from warehouse.connect import catalogue, connect, rebuild_warehouse, refresh_warehouse, view_names
from warehouse.descriptions import View, declared
from warehouse.lake import Lake

DAY = date(2026, 11, 20)
COMMENTS = "select table_name, column_name, comment from duckdb_columns() where not internal"


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> list[View]:
    return catalogue(Lake(tmp_path_factory.mktemp("lake")))


def test_every_column_of_every_view_is_described(views: list[View]) -> None:
    """A figure without a meaning or a unit is read wrongly: describe the column in warehouse/sql/columns.toml."""
    assert {view.name for view in views} == view_names()
    assert [f"{view.name}.{column.name}" for view in views for column in view.columns if not column.text] == []


def test_no_description_is_left_of_a_column_that_is_gone(views: list[View]) -> None:
    """An entry under a misspelt or former name describes nothing."""
    columns = {view.name: {column.name for column in view.columns} for view in views}
    everywhere = set().union(*columns.values())
    known = columns | {"shared": everywhere, "parts": everywhere}
    assert [(view, c) for view, named in declared().items() for c in named if c not in known[view]] == []


def test_a_column_that_is_read_unchanged_has_the_meaning_of_its_record(views: list[View]) -> None:
    """The same column must not mean two things in a record and in its view."""
    meaning = {(view.name, column.name): column.text for view in views for column in view.columns}
    assert meaning["shortcut_signals", "calls_to_solve"] == meaning["decisions", "calls_to_solve"]
    assert meaning["turns", "n_tokens"] != meaning["segments", "n_tokens"]


@pytest.mark.slow
def test_an_earlier_client_reads_the_comments(tmp_path: Path) -> None:
    """Analysts see the meanings where they write their query, in tools with an older DuckDB."""
    lake = Lake(tmp_path / "lake")
    rebuild_warehouse(tmp_path / "warehouse.duckdb", lake)
    client = [str(Path(sys.executable).with_name("duckdb")), "-readonly", "-json", str(tmp_path / "warehouse.duckdb")]
    read = subprocess.run([*client, COMMENTS], capture_output=True, text=True, check=True)
    comments = {(row["table_name"], row["column_name"]): row["comment"] for row in json.loads(read.stdout)}
    assert comments["funnel", "share"] == "share of the domain's planned attempts, 0 to 1"
    assert all(text for (view, _), text in comments.items() if view in view_names())


def test_a_moved_home_is_read_at_its_new_place(tmp_path: Path) -> None:
    """A home that was renamed, or copied from another machine, must not query the lake that it came from."""
    home, moved = tmp_path / "home", tmp_path / "moved"
    write_small_lake(Lake(home / "lake"), DAY, n_tasks=3)
    rebuild_warehouse(home / "warehouse.duckdb", Lake(home / "lake"))
    shutil.copytree(home, moved)
    shutil.rmtree(home)
    file, lake = moved / "warehouse.duckdb", Lake(moved / "lake")
    refresh_warehouse(file, lake)
    written = file.stat().st_mtime_ns
    refresh_warehouse(file, lake)
    assert file.stat().st_mtime_ns == written
    with duckdb.connect(str(file), read_only=True) as con:
        assert con.execute("select count(*) from tasks").fetchall() == [(3,)]


def test_a_file_of_views_that_cannot_be_written_stops_no_query(tmp_path: Path) -> None:
    """The connection of `factory sql` has the views itself; the file is for other clients."""
    lake = Lake(tmp_path / "lake")
    (tmp_path / "warehouse.duckdb").mkdir()
    refresh_warehouse(tmp_path / "warehouse.duckdb", lake)
    with connect(lake) as con:
        assert con.execute("select count(*) from tasks").fetchall() == [(0,)]
