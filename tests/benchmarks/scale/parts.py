"""Measures what a lake of many small parts costs its readers, before and after a compaction.

Two lakes hold the same turns and trajectories: one in as many parts as a month of nights leaves, one in ten. Opening
and counting each, in a process of its own, is timed in turn. The figures are of the first after its compaction; the
time before it is named beside.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa

from schemas import Record, Trajectory, Turn, table
from tests.benchmarks.figure import Figure
from tests.doubles.lakes.small_lake import make_small_lake
from warehouse.compaction import Choice, compact
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName

FIGURES = ("scale.open_10k_parts", "scale.peak_mb_10k_parts", "scale.compact_parts_per_s")
FIRST = date(2026, 1, 1)
ROUNDS = 3

COUNT = """
import json, resource, sys, time
from pathlib import Path
from warehouse.connect import connect
from warehouse.lake import Lake
began = time.perf_counter()
with connect(Lake(Path(sys.argv[1]))) as con:
    (rows,) = con.execute("select count(*) from turns").fetchone()
    con.execute("select count(*) from trajectories").fetchone()
spent = time.perf_counter() - began
print(json.dumps([rows, spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


@dataclass(frozen=True)
class Size:
    """Parts per record, and the nights that they are spread over."""

    parts: int
    nights: int


FULL, SMOKE = Size(10_000, 30), Size(60, 3)


def figures(size: Size) -> Iterator[Figure]:
    """The ratio of the least times of three rounds, the memory of the compacted lake's reader, the compaction."""
    with tempfile.TemporaryDirectory() as folder:
        many, few = Lake(Path(folder) / "many"), Lake(Path(folder) / "few")
        _write(many, size.parts, size.nights, rows=1)
        _write(few, 10, 10, rows=size.parts // 10)
        before = _counted(many)
        began = time.perf_counter()
        last = FIRST + timedelta(days=size.nights)
        done = compact(many, Choice(last.isoformat(), lambda stem: True, lambda *_: None), silent)
        spent = time.perf_counter() - began
        rounds = [(_counted(many), _counted(few)) for _ in range(ROUNDS)]
        slow, fast = (min(one.seconds for one in side) for side in zip(*rounds, strict=True))
        beside = f"{fast:.2f} s for 10 parts; {before.seconds:.2f} s, {before.peak_mb:,.0f} MB before the compaction"
        yield Figure("scale.open_10k_parts", round(slow / fast, 2), "x", beside)
        yield Figure("scale.peak_mb_10k_parts", round(max(one.peak_mb for one, _ in rounds)), "MB", f"{size}")
        yield Figure("scale.compact_parts_per_s", round(done.before / spent), "parts/s", f"{done.before:,} parts")


@dataclass(frozen=True)
class Counted:
    """Rows, seconds and memory of a process that opened and counted a lake."""

    rows: int
    seconds: float
    peak_mb: float


def _counted(lake: Lake) -> Counted:
    command = [sys.executable, "-c", COUNT, str(lake.root)]
    return Counted(*json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def _write(lake: Lake, parts: int, nights: int, rows: int) -> None:
    """Write the records of `rows` small nights to each part."""
    made = make_small_lake(FIRST, n_tasks=1, samples=1)
    of_a_part: dict[type[Record], pa.Table] = {
        model: pa.concat_tables([table(model, found)] * rows).combine_chunks()
        for model, found in ((Turn, made.turns), (Trajectory, made.trajectories))
    }
    for number in range(parts):
        day = FIRST + timedelta(days=number * nights // parts)
        for model, content in of_a_part.items():
            lake.write_table(model, content, PartName(day, "rollout", number))
