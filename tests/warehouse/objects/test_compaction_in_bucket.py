"""Compaction of a lake in a bucket: the same rows before, between and after its requests, whatever is killed."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from schemas import Document, Trajectory, Turn
from tests.doubles.lakes.scattered_lake import write_scattered_lake
from tests.doubles.lakes.small_lake import make_small_lake
from tests.doubles.stores.faulty_s3 import faulty
from tests.doubles.stores.s3 import S3Server, seaweed
from warehouse.compaction import Choice, Compacted, compact
from warehouse.compaction.choice import KEEP_S
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.integrity.lake_check import check_lake
from warehouse.lake import Lake, LakeError
from warehouse.objects import ObjectPath, place_of
from warehouse.objects.errors import LakeUnreachable
from warehouse.objects.replaced import replaced_parts, write_replaced

NIGHT, NEWEST = date(2026, 11, 20), date(2026, 11, 21)
RECORDS_MERGED = ("document", "turn", "trajectory")
KILLS = int(os.environ.get("COMPACTION_KILLS", "3"))
"""COMPACTION_KILLS=50 is the long form."""


@pytest.fixture
def scattered(root: ObjectPath) -> Lake:
    """A lake with a closed night in many parts."""
    made = Lake(root)
    write_scattered_lake(made, NIGHT, n_tasks=1)
    return made


def compacted(lake: Lake, keep_s: float = KEEP_S, on_merged: Callable[..., None] = lambda *_: None) -> Compacted:
    return compact(lake, Choice(NEWEST.isoformat(), lambda stem: True, on_merged, keep_s=keep_s), silent)


def figures(lake: Lake) -> list[tuple[Any, ...]]:
    """The number and a hash of the rows of three records."""
    read = [f"select '{name}', count(*), bit_xor(hash(rows)) from {name}_parts as rows" for name in RECORDS_MERGED]
    with connect(lake) as con:
        return con.execute(" union all ".join(read)).fetchall()


def keys(lake: Lake, server: S3Server, record: str) -> list[str]:
    """The names of the objects that a client without the factory lists under a record."""
    assert isinstance(lake.root, ObjectPath)
    return [Path(key).name for key in server.objects(lake.root.bucket.name) if f"/{record}/date=2026" in key
            and "/.compaction/" not in key and "/checksums/" not in key]  # fmt: skip


def test_parts_are_replaced_at_once_and_removed_later(scattered: Lake, quick: S3Server) -> None:
    """A reader that listed small parts an hour ago must still find them, and no reader may see a row twice."""
    before, small = figures(scattered), keys(scattered, quick, "turn")
    with connect(scattered) as con:
        done = compacted(scattered)
        assert (done.after, done.left) == (4, [])
        assert len(scattered.parts(Turn)) == 1 and figures(scattered) == before
        assert con.execute("select count(*) from turn_parts").fetchall() == [(before[1][1],)]
    assert keys(scattered, quick, "turn") == small, "a client without the factory sees another lake"
    assert compacted(scattered).before == 0
    assert keys(scattered, quick, "turn") == small
    compacted(scattered, keep_s=0)
    assert keys(scattered, quick, "turn") == [path.name for path in scattered.parts(Turn)] == [
        "2026-11-20-rollout-500000.parquet"
    ]  # fmt: skip
    assert figures(scattered) == before and not check_lake(scattered, silent).faults
    assert isinstance(scattered.root, ObjectPath) and not replaced_parts(scattered.root)


def test_what_is_kept_by_part_goes_along_to_both_places(scattered: Lake) -> None:
    """Sketches of a month would be made again after each compaction."""
    seen: list[tuple[list[str], str]] = []

    def on_merged(record: str, members: list[ObjectPath], merged: ObjectPath) -> None:
        assert merged.exists()
        if record == "turn":
            seen.append(([one.as_posix() for one in members], merged.as_posix()))

    small = [path.as_posix() for path in scattered.parts(Turn)]
    compacted(scattered, on_merged=on_merged)
    compacted(scattered, keep_s=0, on_merged=on_merged)
    [(first, staged), (then, place)] = seen
    assert (first, then) == (small, [staged])
    assert place == scattered.parts(Turn)[0].as_posix()


@pytest.mark.slow
def test_parts_that_come_later_are_merged_with_the_merged_one(scattered: Lake) -> None:
    compacted(scattered)
    compacted(scattered, keep_s=0)
    late = make_small_lake(NIGHT, n_tasks=1, seed=5).documents
    scattered.write(Document, late, scattered.next_part(NIGHT, "crawl", Document))
    before = figures(scattered)
    compacted(scattered)
    assert [path.name for path in scattered.parts(Document)] == ["2026-11-20-crawl-500002.parquet"]
    assert figures(scattered) == before


def test_two_homes_that_compact_one_lake_are_refused(scattered: Lake) -> None:
    """The second list would show the members of the first one's parts again."""
    assert isinstance(scattered.root, ObjectPath)
    compacted(scattered)
    with pytest.raises(LakeError, match="another process merges parts"):
        write_replaced(scattered.root, [], [])


@pytest.mark.slow
def test_ended_before_any_of_its_writes_no_row_is_lost_or_seen_twice(
    scattered: Lake, quick: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A night's attempts cost GPU hours: a process that ends between two requests must not touch one of them."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    before, ends = figures(scattered), 0
    with faulty(quick.endpoint, share=0) as proxy:
        ending = Lake(place_of(str(scattered.root), proxy.endpoint, tmp_path / "ending"))
        for keep_s in (KEEP_S, 0.0):
            for writes in range(0, 100, 3):
                proxy.writes_left = writes
                with suppress(LakeUnreachable):
                    compacted(ending, keep_s)
                    break
                ends += 1
                assert figures(scattered) == before, f"ended before write {writes}"
    assert ends >= 5
    assert len(scattered.parts(Trajectory)) == 1 and figures(scattered) == before
    assert not check_lake(scattered, silent).faults


COMPACTOR = """
import sys
from pathlib import Path
from warehouse.compaction import Choice, compact
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.objects import place_of
address, endpoint, local, keep_s = sys.argv[1:]
lake = Lake(place_of(address, endpoint, Path(local)))
print("ready", flush=True)
compact(lake, Choice("2026-11-21", lambda stem: True, lambda *_: None, keep_s=float(keep_s)), silent)
"""


@pytest.mark.slow
def test_killed_processes_and_faults_of_a_real_store_change_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stores throttle and cut requests on the same night on which a machine loses its power."""
    dice, kills, done = random.Random(0), 0, 0
    with seaweed(tmp_path) as server, faulty(server.endpoint, share=0.05) as proxy:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        server.client().create_bucket(Bucket="lake")
        lake = Lake(place_of("s3://lake/team", server.endpoint, tmp_path / "local"))
        made = write_scattered_lake(lake, NIGHT, n_tasks=2)
        before = figures(lake)
        while done < 2 or kills < KILLS:
            keep_s = KEEP_S if done == 0 else 0.0
            arguments = [str(lake.root), proxy.endpoint, str(tmp_path / "other"), str(keep_s)]
            done += _ran_through(arguments, dice.uniform(0, 1.5) if kills < KILLS else 60)
            kills += 1
            assert figures(lake) == before
        assert len(lake.parts(Trajectory)) == 1 < len(made.trajectories)
        assert not check_lake(lake, silent).faults


def _ran_through(arguments: list[str], after_s: float) -> bool:
    command = [sys.executable, "-c", COMPACTOR, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None and running.stdout.readline() == b"ready\n"
        try:
            return running.wait(after_s) == 0
        except subprocess.TimeoutExpired:
            os.kill(running.pid, signal.SIGKILL)
            return False
