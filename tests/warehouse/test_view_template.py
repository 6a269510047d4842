"""Every connection reads its own lake, although the views are created once a process."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.doubles.lakes.small_lake import write_small_lake
from warehouse.connect import connect, view_names
from warehouse.lake import Lake

DAY = date(2026, 11, 20)


@pytest.mark.slow
def test_two_lakes_in_one_process_are_kept_apart(tmp_path: Path) -> None:
    """A report on one home must never count the attempts of another, also when the first lake is gone."""
    counts = []
    for tasks in (1, 3):
        lake = Lake(tmp_path / str(tasks))
        write_small_lake(lake, DAY, n_tasks=tasks)
        with connect(lake) as con:
            counts.append(con.execute("select count(*) from tasks").fetchall()[0][0])
            found = {
                name for (name,) in con.execute("select view_name from duckdb_views() where not internal").fetchall()
            }
        assert view_names() <= found
        shutil.rmtree(lake.root)
    assert counts == [1, 3]
