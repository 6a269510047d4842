"""Measures statistics over a million trajectories: marts of `factory stats` and `factory report` that read one record.

The trajectories are those of a small lake, again and again with ids, domains and lengths of their own, in a part per
night, as compaction leaves them.
"""

import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import duckdb

from schemas import Trajectory, table
from tests.benchmarks.figure import Figure
from tests.doubles.lakes.small_lake import make_small_lake
from warehouse.connect import connect
from warehouse.lake import Lake, PartName

FIGURES = ("scale.million",)
FULL, SMOKE = 1_000_000, 20_000
"""Trajectories."""
NIGHTS = 10
FIRST = date(2026, 1, 1)
ROUNDS = 5
MARTS = ("trajectory_stats", "night_horizon", "horizon_histogram", "nights")

COPIES = """
select * exclude (copy) replace (
    md5(trajectory_id || copy) as trajectory_id,
    md5(task_id || copy) as task_id,
    (n_tokens * (1 + hash(trajectory_id, copy) % 100))::bigint as n_tokens,
    'domain ' || copy % 6 as domain,
    $night as run_id
)
from few, range($first, $last) as copies(copy)
"""


def figures(size: int) -> Iterator[Figure]:
    """The slowest mart, each by the least seconds of its rounds, with the seconds of all beside."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder) / "lake")
        rows = _write(lake, size)
        with connect(lake) as con:
            seconds = {mart: min(_seconds(con, mart) for _ in range(ROUNDS)) for mart in MARTS}
    beside = ", ".join(f"{mart} {one:.3f}" for mart, one in seconds.items())
    yield Figure("scale.million", round(max(seconds.values()), 3), "s", f"{rows:,} trajectories: {beside}")


def _seconds(con: duckdb.DuckDBPyConnection, mart: str) -> float:
    began = time.perf_counter()
    con.execute(f'from "{mart}"').fetchall()
    return time.perf_counter() - began


def _write(lake: Lake, size: int) -> int:
    """Write the trajectories, a night after the other; returns their number."""
    few = table(Trajectory, make_small_lake(FIRST, n_tasks=8, samples=8).trajectories)
    rows = int(few.num_rows)
    copies = max(1, size // rows // NIGHTS)
    with duckdb.connect() as con:
        con.register("few", few)
        for number in range(NIGHTS):
            night = FIRST + timedelta(days=number)
            span = {"first": number * copies, "last": (number + 1) * copies, "night": night.isoformat()}
            reader = con.sql(COPIES, params=span).to_arrow_reader(10_000)
            batches = (batch.cast(few.schema) for batch in reader)
            lake.write_batches(Trajectory, few.schema, batches, PartName(night, "rollout", 0))
    return copies * NIGHTS * rows
