"""The Prefect server of a command: a database per home, and starts at the same time."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from flows.process_guard import free_port
from flows.schedule.prefect_server import PrefectServer, set_aside_if_damaged

START = """
import pathlib, sys
from flows.schedule.prefect_server import prefect_server
with prefect_server(pathlib.Path("state")) as address:
    import httpx
    print(httpx.get(f"{address}/health").json(), flush=True)
"""


@pytest.mark.slow
def test_two_commands_that_start_at_once_in_a_new_home_both_work(tmp_path: Path) -> None:
    """Both would create the tables of one database, and one of them would fail."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    started = [
        subprocess.Popen([sys.executable, "-c", START], cwd=tmp_path, env=environment, stdout=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [process.communicate(timeout=400)[0] for process in started] == [b"True\n"] * 2
    with closing(sqlite3.connect(tmp_path / "state/prefect/prefect.db")) as db:
        assert db.execute("select count(*) from deployment").fetchone() == (0,)


def test_only_a_damaged_database_is_set_aside(tmp_path: Path) -> None:
    """A server that fails for another reason must keep its history."""
    database = tmp_path / "prefect.db"
    assert not set_aside_if_damaged(database)
    with closing(sqlite3.connect(database)) as db:
        db.execute("create table kept (n)")
    assert not set_aside_if_damaged(database)
    database.write_bytes(b"no database" * 100)
    assert set_aside_if_damaged(database) and not database.exists()


@pytest.mark.parametrize(
    ("host", "reached_at"),
    [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "[::1]"), ("::", "[::1]")],
)
def test_the_address_of_a_server_is_one_that_this_machine_reaches(tmp_path: Path, host: str, reached_at: str) -> None:
    """On some systems, no connection to 0.0.0.0 is possible."""
    port = free_port()
    assert PrefectServer(tmp_path, host=host, port=port).address == f"http://{reached_at}:{port}/api"
