"""Compaction of a home: caches are carried over, releases stay the same, and unconfirmed parts keep their names."""

import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.closed_nights import compact_closed_nights, has_unconfirmed
from flows.crawl.shards.shard import Shard
from flows.publish.release import run_publish
from flows.refine.decide import run_refine
from flows.rollout.journal.journal import Journal
from flows.settings import Publish, Settings
from schemas import Decision, Document, Trajectory, Turn
from sources.frontier.frontier import Frontier
from sources.frontier.shard_frontier import ShardFrontier
from sources.text.extract import EXTRACTOR
from tests.doubles.lakes.scattered_lake import write_scattered_lake
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

NIGHT, NEWEST = date(2026, 11, 20), date(2026, 11, 21)
DECIDED = "select trajectory_id, kept, reasons, gates, cluster_id, keeper_id from decisions order by all"


def home(folder: Path) -> Settings:
    settings = Settings(home=folder, publish=Publish(to=str(folder / "release")))
    write_scattered_lake(Lake(settings.lake), NIGHT, n_tasks=8)
    write_scattered_lake(Lake(settings.lake), NEWEST, n_tasks=2, seed=1)
    return settings


def decided(settings: Settings) -> list[tuple[object, ...]]:
    with connect(Lake(settings.lake)) as con:
        return con.execute(DECIDED).fetchall()


def caches(settings: Settings) -> dict[str, int]:
    """Cache files of parts of turns, with the time at which each was written."""
    folders = (settings.state / "sketches", settings.state / "gate_cache")
    return {str(path): path.stat().st_mtime_ns for folder in folders for path in folder.rglob("*-rollout-*.parquet")}


def released(settings: Settings) -> dict[str, bytes]:
    run_publish(settings, NEWEST, silent)
    return {path.name: path.read_bytes() for path in (settings.home / "release").rglob("*.parquet")}


@pytest.mark.slow
def test_refine_reads_nothing_again_and_decides_the_same(tmp_path: Path) -> None:
    """A month's text is read for minutes; merging its parts must not cost that each night."""
    settings = home(tmp_path)
    run_refine(settings, NEWEST, silent)
    before = decided(settings)
    compact_closed_nights(settings, NEWEST, silent)
    carried = caches(settings)
    run_refine(settings, NEWEST, silent)
    assert decided(settings) == before
    left = caches(settings)
    merged = {path for path in left if "rollout-500000" in path}
    assert len(merged) == 2 and left == {path: carried[path] for path in left}


@pytest.mark.slow
def test_a_release_has_the_same_bytes_before_and_after(tmp_path: Path) -> None:
    """Same inputs and settings give byte-identical shards, however the lake keeps its rows."""
    plain, merged = home(tmp_path / "plain"), home(tmp_path / "merged")
    compact_closed_nights(merged, NEWEST, silent)
    assert len(Lake(merged.lake).parts(Turn)) < len(Lake(plain.lake).parts(Turn))
    for settings in (plain, merged):
        run_refine(settings, NEWEST, silent)
    shards = released(plain)
    assert shards and released(merged) == shards


def test_parts_that_a_journal_or_frontier_has_not_confirmed_keep_their_names(tmp_path: Path) -> None:
    """A rollout that resumes looks for its last part; were it gone, the rows would be written twice."""
    settings = home(tmp_path)
    parts = [path.name for model in (Turn, Trajectory, Document) for path in Lake(settings.lake).parts(model)]
    with Journal(settings.state / "journal.sqlite"), Frontier(settings.state / "frontier.sqlite", EXTRACTOR):
        pass
    with closing(sqlite3.connect(settings.state / "journal.sqlite")) as db, db:
        columns = [row[1] for row in db.execute("pragma table_info(done)")]
        values = {"run_id": NIGHT.isoformat(), "seq": 3, "crc": 0, "status": "answered"}
        filled = [values.get(name, "") if name != "number" else 1 for name in columns]
        db.execute(f"insert into done values ({', '.join('?' for _ in columns)})", filled)
    with closing(sqlite3.connect(settings.state / "frontier.sqlite")) as db, db:
        db.execute("insert into parts (day, seq, written) values (?, 3, 0)", (NIGHT.isoformat(),))
    compact_closed_nights(settings, NEWEST, silent)
    lake = Lake(settings.lake)
    assert [path.name for model in (Turn, Trajectory, Document) for path in lake.parts(model)] == parts


def test_parts_that_a_shard_of_the_crawl_has_not_confirmed_keep_their_names(tmp_path: Path) -> None:
    """A shard that resumes writes its last part once more; were that merged before, its rows would be there twice."""
    for shard, written in ((Shard(1, 4), 1), (Shard(1, 3), 0)):
        with ShardFrontier(shard.frontier(tmp_path), EXTRACTOR, shard.owns) as frontier:
            frontier.run("known_part", (NIGHT.isoformat(), 3))
            if not written:
                frontier.run("add_part", (NIGHT.isoformat(), 4))
    is_unconfirmed = has_unconfirmed(tmp_path)
    assert is_unconfirmed(f"{NIGHT.isoformat()}-crawl2")
    assert not is_unconfirmed(f"{NIGHT.isoformat()}-crawl1") and not is_unconfirmed(f"{NIGHT.isoformat()}-crawl")


def test_a_damaged_journal_confirms_nothing(tmp_path: Path) -> None:
    settings = home(tmp_path)
    (settings.state).mkdir(parents=True, exist_ok=True)
    (settings.state / "journal.sqlite").write_bytes(b"no database" * 100)
    before = len(Lake(settings.lake).parts(Trajectory))
    compact_closed_nights(settings, NEWEST, silent)
    assert len(Lake(settings.lake).parts(Trajectory)) == before
    assert len(Lake(settings.lake).parts(Document)) < before


def test_the_command_reports_what_it_merged(tmp_path: Path) -> None:
    settings = home(tmp_path)
    result = CliRunner().invoke(app, ["lake", "compact"], env={"FACTORY_HOME": str(tmp_path)})
    assert result.exit_code == 0, result.output
    assert "parts of closed nights became" in result.output
    assert not Lake(settings.lake).parts(Decision)
