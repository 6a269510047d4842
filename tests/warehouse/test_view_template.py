"""Every connection reads its own lake, although the views are created once on a machine."""

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


def templates(home: Path) -> list[Path]:
    return sorted((home / ".cache/horizon-factory/views").iterdir())


def counted(lake: Path) -> int:
    with connect(Lake(lake)) as con:
        return int(con.execute("select count(*) from trajectory_stats").fetchall()[0][0])


def test_a_damaged_file_of_the_views_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in a hidden folder that was cut by a full disk would stop every command."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert counted(tmp_path / "lake") == 0
    [template] = templates(tmp_path)
    whole = template.read_bytes()
    for damage in (b"", b"no database", whole[: len(whole) // 2]):
        template.write_bytes(damage)
        assert counted(tmp_path / "lake") == 0
        assert template.stat().st_size == len(whole)


def test_files_of_other_versions_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each upgrade would leave a file that is never read again."""
    monkeypatch.setenv("HOME", str(tmp_path))
    counted(tmp_path / "lake")
    [template] = templates(tmp_path)
    template.rename(template.with_name("0123.duckdb"))
    counted(tmp_path / "lake")
    assert templates(tmp_path) == [template]


def test_a_home_that_cannot_be_written_needs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service with a read-only home would not open its lake."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    assert counted(tmp_path / "lake") == 0
