"""Compaction: few large parts with the same rows; a kill anywhere loses nothing, and readers never see a row twice."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas import RECORDS, Document, Trajectory, Turn, Unfinished, Verdict
from tests.doubles.lakes.scattered_lake import write_scattered_lake
from tests.doubles.lakes.small_lake import make_small_lake
from warehouse import part_checksums
from warehouse.compaction import Choice, Compacted, compact, finish_compaction
from warehouse.compaction.compact import STAGING, SWITCH
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.integrity.lake_check import check_lake
from warehouse.lake import Lake, LakeCompacted, PartName

NIGHT, NEWEST = date(2026, 11, 20), date(2026, 11, 21)


def compacted(lake: Lake, *, part_bytes: int = 1 << 28, keep: Sequence[str] = ()) -> Compacted:
    """Merge all parts before the newest night, but those of the writers in `keep`."""

    def may_merge(stem: str) -> bool:
        return not any(stem.endswith(writer) for writer in keep)

    return compact(lake, Choice(NEWEST.isoformat(), may_merge, lambda *_: None, part_bytes), silent)


def rows(lake: Lake) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every record, sorted."""
    with connect(lake) as con:
        return {
            model.record: sorted(con.execute(f"select * from {model.record}_parts").fetchall(), key=repr)
            for model in RECORDS
        }


def names(lake: Lake, model: type) -> list[str]:
    return [path.name for path in lake.parts(model)]


def test_the_parts_of_closed_nights_become_one_per_writer_with_the_same_rows(tmp_path: Path) -> None:
    """Each query opens every part: after a month of nights it would read footers instead of rows."""
    lake = Lake(tmp_path)
    write_scattered_lake(lake, NIGHT)
    newest = write_scattered_lake(lake, NEWEST, seed=1)
    before = rows(lake)
    done = compacted(lake)
    assert names(lake, Turn)[:1] == names(lake, Trajectory)[:1] == ["2026-11-20-rollout-500000.parquet"]
    assert len(names(lake, Trajectory)) == 1 + len(newest.trajectories)
    assert (done.after, done.left) == (5, [])
    assert rows(lake) == before
    assert not check_lake(lake, silent).faults
    assert compacted(lake).before == 0


def test_turns_stay_together_and_in_order(tmp_path: Path) -> None:
    """Readers stream over a trajectory's turns and never group long text in memory."""
    lake = Lake(tmp_path)
    made = write_scattered_lake(lake, NIGHT)
    compacted(lake)
    with connect(lake) as con:
        found = con.execute("select trajectory_id, index from turn_parts").fetchall()
    assert found == [(turn.trajectory_id, turn.index) for turn in made.turns]


def test_parts_of_one_writer_are_cut_at_the_same_names_in_all_records(tmp_path: Path) -> None:
    """Turns in a part without their trajectories would be taken for those of a killed writer, and emptied."""
    lake = Lake(tmp_path)
    write_scattered_lake(lake, NIGHT, n_tasks=8)
    compacted(lake, part_bytes=60_000)
    assert len(names(lake, Turn)) > 1
    assert names(lake, Turn) == names(lake, Trajectory) == names(lake, Verdict)
    with connect(lake) as con:
        astray = con.execute(
            "select count(*) from read_parquet($1, filename = true) t anti join read_parquet($2, filename = true) j "
            "on t.trajectory_id = j.trajectory_id and parse_filename(t.filename) = parse_filename(j.filename)",
            [lake.glob(Turn), lake.glob(Trajectory)],
        ).fetchall()
    assert astray == [(0,)]


def test_a_writer_that_needs_its_names_keeps_its_parts_and_numbers_are_never_used_again(tmp_path: Path) -> None:
    """A journal that finds its part gone writes the rows again, and every row would stand twice."""
    lake = Lake(tmp_path)
    made = write_scattered_lake(lake, NIGHT)
    compacted(lake, keep=["rollout"])
    assert len(names(lake, Trajectory)) == len(made.trajectories)
    compacted(lake)
    assert lake.next_part(NIGHT, "rollout", Trajectory) == PartName(NIGHT, "rollout", 500_001)


def test_parts_that_come_later_are_merged_with_the_merged_one(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    made = write_scattered_lake(lake, NIGHT)
    compacted(lake)
    late = make_small_lake(NIGHT, n_tasks=1, seed=5).documents
    lake.write(Document, late, lake.next_part(NIGHT, "crawl", Document))
    compacted(lake)
    assert names(lake, Document) == ["2026-11-20-crawl-500002.parquet"]
    assert len(rows(lake)["document"]) == len(made.documents) + len(late)


def test_a_damaged_part_is_left_with_its_neighbours_and_named(tmp_path: Path) -> None:
    """A flipped byte must not become a sound part with wrong rows."""
    lake = Lake(tmp_path)
    write_scattered_lake(lake, NIGHT)
    part = lake.parts(Turn)[1]
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    before = names(lake, Turn)
    done = compacted(lake)
    assert names(lake, Turn) == before and len(names(lake, Document)) == 1
    assert [part.name in reason for reason in done.left] == [True]


def test_an_interrupted_staging_leaves_the_lake_as_it_was(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write_scattered_lake(lake, NIGHT)
    with pytest.raises(KeyboardInterrupt):
        compact(lake, Choice(NEWEST.isoformat(), lambda stem: True, _interrupt), silent)
    assert (lake.root / STAGING).exists() and not (lake.root / STAGING / SWITCH).exists()
    before = rows(lake)
    finish_compaction(lake)
    assert rows(lake) == before and not (lake.root / STAGING).exists()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_older_part_without_a_newer_column_is_merged_with_null(tmp_path: Path) -> None:
    """A lake outlives the factory's versions."""
    import pyarrow.parquet as pq

    lake = Lake(tmp_path)
    write_scattered_lake(lake, NIGHT)
    part = lake.parts(Document)[0]
    older = pq.read_table(part, partitioning=None).drop_columns(["license"])
    lake.replace_part(part, older.schema, [older])
    before = rows(lake)
    compacted(lake)
    assert len(names(lake, Document)) == 1 and rows(lake) == before


COMPACTOR = """
import sys
from pathlib import Path
from warehouse.compaction import Choice, compact
from warehouse.console.progress import silent
from warehouse.lake import Lake
print("ready", flush=True)
compact(Lake(Path(sys.argv[1])), Choice("2026-11-21", lambda stem: True, lambda *_: None), silent)
"""


@pytest.mark.slow
def test_killed_anywhere_no_row_is_lost_or_seen_twice(tmp_path: Path) -> None:
    """A night's attempts cost GPU hours: a kill while their parts are merged must not touch one of them."""
    dice, kills = random.Random(0), 0
    for number in range(3):
        lake = Lake(tmp_path / str(number))
        write_scattered_lake(lake, NIGHT)
        before = rows(lake)
        longest_s = 0.3
        while not _ran_through(lake, dice.uniform(0, longest_s)):
            kills, longest_s = kills + 1, longest_s * 1.4
            assert rows(lake) == before
        assert rows(lake) == before
        assert len(names(lake, Turn)) == 1
        assert not check_lake(lake, silent).faults
    assert kills >= 3


def _ran_through(lake: Lake, after_s: float) -> bool:
    with subprocess.Popen([sys.executable, "-c", COMPACTOR, str(lake.root)], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None and running.stdout.readline() == b"ready\n"
        try:
            return running.wait(after_s) == 0
        except subprocess.TimeoutExpired:
            os.kill(running.pid, signal.SIGKILL)
            running.wait()
            return False


@pytest.mark.slow
def test_readers_at_work_count_every_row_once_or_are_asked_to_read_again(tmp_path: Path) -> None:
    """People query while a night ends: a wrong count would be worse than none."""
    lake = Lake(tmp_path)
    made = write_scattered_lake(lake, NIGHT, n_tasks=12)
    counts: list[int] = []
    with subprocess.Popen([sys.executable, "-c", COMPACTOR, str(tmp_path)], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None and running.stdout.readline() == b"ready\n"
        deadline = time.monotonic() + 60
        while running.poll() is None and time.monotonic() < deadline:
            try:
                with connect(lake) as con:
                    counts += [con.execute("select count(*) from turn_parts").fetchall()[0][0]]
            except LakeCompacted:
                continue
    assert running.returncode == 0
    assert set(counts) == {len(made.turns)}
    assert part_checksums.recorded(lake.root, lake.parts(Turn)[0])
    assert not lake.parts(Unfinished)
