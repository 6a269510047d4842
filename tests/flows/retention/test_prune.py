"""Pruning: old data leaves by the limits of the settings, and nothing that an existing release needs is removed."""

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.publish.release import run_publish
from flows.publish.withdraw import withdraw
from flows.refine.decide import run_refine
from flows.retention.candidates import candidates
from flows.retention.prune import PruneError, prune
from flows.retention.record import RAW, RELEASE, removed_paths
from flows.retention.space import places
from flows.settings import Publish, Settings
from flows.settings.retention import Retention
from schemas import Document
from tests.doubles.lakes.restored_home import RestoredHome
from tests.doubles.lakes.worked_home import NIGHTS, make_worked_home
from tests.doubles.settings_variables import variables_of
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName

LATER = date(2026, 3, 1)


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> RestoredHome:
    """A home after two nights."""
    folder = tmp_path_factory.mktemp("worked") / "home"
    make_worked_home(settings_of(folder))
    return RestoredHome(folder)


def settings_of(folder: Path, **limits: int) -> Settings:
    return Settings(home=folder, publish=Publish(to=str(folder / "release")), retention=Retention(**limits))


def home(worked: RestoredHome, **limits: int) -> Settings:
    """The settings of the worked home, as it was after its two nights."""
    return settings_of(worked.restored(), **limits)


def variables(settings: Settings) -> dict[str, str]:
    """The settings for a command."""
    sections = {"publish": settings.publish, "retention": settings.retention}
    given = {name: value for key, one in sections.items() for name, value in variables_of(one, key).items()}
    return {"FACTORY_HOME": str(settings.home)} | given


def raw_files(settings: Settings) -> list[str]:
    return sorted(path.parent.name for path in (settings.lake / "raw").rglob("*.warc.gz"))


def releases(settings: Settings) -> list[str]:
    return sorted(
        path.name for path in (settings.home / "release").iterdir() if path.is_dir() and path.name != "latest"
    )


def pages_are_gone(settings: Settings, night: date) -> None:
    """Write that the server has none of the pages of a night any longer."""
    lake = Lake(settings.lake)
    with connect(lake) as con:
        found = con.sql("select * exclude (date) from documents where run_id = $1", params=[night.isoformat()])
        rows = found.to_arrow_table().to_pylist()
    lost = {
        "status": "http_404",
        "http_status": 404,
        "fetched_at": datetime(2026, 2, 1, tzinfo=UTC),
        "run_id": "2026-02-01",
    }
    gone = [Document.model_validate({**row, **lost, "warc_file": None, "warc_offset": None}) for row in rows]
    lake.write(Document, gone, PartName(date(2026, 2, 1), "crawl", 0))


def release_without(settings: Settings, night: date) -> None:
    """Withdraw the trajectories of a night, and publish the others."""
    with connect(Lake(settings.lake)) as con:
        ids = con.execute("select trajectory_id from trajectories where run_id = ?", [night.isoformat()]).fetchall()
        for (one,) in ids:
            withdraw(con, Lake(settings.lake), one, "request of the author")
    run_refine(settings, LATER, silent)
    run_publish(settings, LATER, silent)


@pytest.mark.slow
def test_the_defaults_remove_only_what_is_made_again(worked: RestoredHome) -> None:
    """An upgrade must not remove releases or evidence of people who set no limit."""
    settings = home(worked)
    (settings.state / "spill" / "duckdb_temp_storage-0.tmp").parent.mkdir()
    (settings.state / "spill" / "duckdb_temp_storage-0.tmp").write_bytes(b"left by a kill")
    for name in ("older", "oldest"):
        (settings.state / "library" / name).mkdir()
        os.utime(settings.state / "library" / name, (0, 0))
    before = releases(settings), raw_files(settings)
    assert sorted(one.kind for one in prune(settings, LATER, silent)) == ["search index", "spill"]
    assert (releases(settings), raw_files(settings)) == before
    assert len(list((settings.state / "library").iterdir())) == 2 and (settings.state / "library" / "0123").exists()


def test_raw_responses_stay_while_a_page_is_held_or_a_release_needs_them(worked: RestoredHome) -> None:
    """`factory lineage --raw` of a released row must still show the bytes that a server sent."""
    settings = home(worked, raw_days=1)
    assert prune(settings, LATER, silent) == []
    pages_are_gone(settings, NIGHTS[0])
    assert prune(settings, LATER, silent) == []
    assert raw_files(settings) == [f"date={night}" for night in NIGHTS]


@pytest.mark.slow
def test_an_old_release_goes_and_then_the_raw_responses_that_only_it_needed(
    worked: RestoredHome, tmp_path: Path
) -> None:
    """A home that keeps all of it grows without limit; one that removes too much loses its evidence."""
    settings = home(worked, raw_days=1, releases=1)
    pages_are_gone(settings, NIGHTS[0])
    release_without(settings, NIGHTS[0])
    newest = (settings.home / "release" / "latest").resolve()
    removed = prune(settings, LATER, silent)
    assert [one.kind for one in removed] == [RELEASE, RELEASE, RAW]
    assert releases(settings) == [newest.name] and raw_files(settings) == [f"date={NIGHTS[1]}"]
    assert len(removed_paths(settings.state, RELEASE)) == 2 and prune(settings, LATER, silent) == []
    runner = CliRunner(env=variables(settings))
    checked = runner.invoke(app, ["lake", "check"])
    assert checked.exit_code == 0, checked.output
    with connect(Lake(settings.lake)) as con:
        [(row,)] = con.execute("select min(trajectory_id) from trajectories where run_id = '2026-01-01'").fetchall()
    traced = runner.invoke(app, ["lineage", row, "--raw", str(tmp_path / "out")])
    assert traced.exit_code == 0 and "were removed on" in traced.output


def test_a_removal_that_was_killed_is_finished(worked: RestoredHome) -> None:
    """Half a release under its own name would be taken for a release."""
    settings = home(worked, releases=1)
    old = next(one.path for one in candidates(settings, LATER) if one.kind == RELEASE)
    old.rename(old.with_name(f".{old.name}.pruned"))
    assert [one.kind for one in prune(settings, LATER, silent)] == ["removal"]
    assert len(releases(settings)) == 1 and not list((settings.home / "release").glob(".*.pruned"))


def test_a_refusal_of_the_disk_names_the_path(worked: RestoredHome) -> None:
    """Without the path nobody can mend it."""
    settings = home(worked, releases=1)
    old = next(one.path for one in candidates(settings, LATER) if one.kind == RELEASE)
    (blocking := old.with_name(f".{old.name}.pruned")).mkdir()
    (blocking / "file").write_text("in the way")
    settings.state.joinpath("pruned.jsonl").mkdir()
    with pytest.raises(PruneError, match=r"cannot remove .*Fix permissions"):
        prune(settings, LATER, silent)


def test_the_space_of_a_home_adds_up(worked: RestoredHome) -> None:
    """A place that is not listed is the one that fills the disk."""
    settings = home(worked)
    files = [path for path in settings.home.rglob("*") if path.is_symlink() or path.is_file()]
    found = places(settings)
    assert sum(one.files for one in found) == len(files)
    assert sum(one.size for one in found) == sum(path.lstat().st_blocks * 512 for path in files)
    result = CliRunner(env=variables(settings)).invoke(app, ["lake", "du"])
    assert result.exit_code == 0 and "lake/turn" in result.output and "MB in all" in result.output
