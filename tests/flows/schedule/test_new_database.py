"""The database of a home's first Prefect server is that of the machine, and no history goes from home to home."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from flows.schedule.new_database import begin_database, keep_database
from tests.flows.schedule.test_prefect_server import START


def made(database: Path, table: str) -> Path:
    database.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(database)) as db:
        db.execute(f"create table {table} (n)")
    return database


def tables(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as db:
        return [name for (name,) in db.execute("select name from sqlite_master")]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/horizon-factory/prefect"


def test_a_second_home_begins_with_the_database_of_the_first(cache: Path, tmp_path: Path) -> None:
    """Each new home would wait four seconds for the migrations of all versions of Prefect."""
    assert not begin_database(tmp_path / "prefect.db")
    keep_database(made(tmp_path / "first/prefect.db", "flow"))
    assert begin_database(tmp_path / "prefect.db")
    assert tables(tmp_path / "prefect.db") == ["flow"]
    assert len(list(cache.iterdir())) == 1


def test_a_home_with_a_history_keeps_it(cache: Path, tmp_path: Path) -> None:
    keep_database(made(tmp_path / "first/prefect.db", "flow"))
    assert begin_database(made(tmp_path / "other/prefect.db", "history"))
    assert tables(tmp_path / "other/prefect.db") == ["history"]


def test_a_damaged_or_unwritable_cache_is_none(cache: Path, tmp_path: Path) -> None:
    """A damaged file in a hidden folder would keep every new home from starting."""
    keep_database(made(tmp_path / "first/prefect.db", "flow"))
    [kept] = cache.iterdir()
    kept.write_bytes(b"no database" * 100)
    assert not begin_database(tmp_path / "prefect.db") and not (tmp_path / "prefect.db").exists()
    kept.unlink()
    cache.rmdir()
    cache.touch()
    keep_database(tmp_path / "first/prefect.db")
    assert not begin_database(tmp_path / "prefect.db")


@pytest.mark.slow
def test_a_server_starts_with_the_database_that_another_home_made(cache: Path, tmp_path: Path) -> None:
    """A database that lacks a migration or holds the runs of another home would be worse than a slow start."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    rows = []
    for name in ("first", "second"):
        home = tmp_path / name
        home.mkdir()
        command = [sys.executable, "-c", START]
        assert subprocess.check_output(command, cwd=home, env=environment) == b"True\n"
        with closing(sqlite3.connect(home / "state/prefect/prefect.db")) as db:
            counts = {table: db.execute(f'select count(*) from "{table}"').fetchone() for table in tables_of(db)}
        rows.append({table: count for table, (count,) in counts.items() if count})
    assert rows[0] == rows[1]
    assert not {"flow", "flow_run", "deployment"} & set(rows[1])


def tables_of(db: sqlite3.Connection) -> list[str]:
    return [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
