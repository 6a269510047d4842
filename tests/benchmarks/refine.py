"""How fast refine decides, beside DuckDB reading the same columns of the same lake once."""

import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

from flows.refine.decide import refine_night
from flows.settings import Settings
from tests.benchmarks.figure import Figure
from tests.doubles.small_lake import Kind, write_small_lake
from warehouse.connect import connect
from warehouse.lake import Lake
from warehouse.progress import silent

DAY = date(2026, 11, 20)
PARTS, TASKS_A_PART, SAMPLES = 5, 50, 4
KINDS: dict[tuple[int, int], Kind] = {(0, 1): "exact_copy", (1, 1): "near_copy", (2, 1): "branch", (3, 0): "wrong"}
READ_ONCE = (
    "select sum(hash(role, content, reasoning, tool_calls, tool_call_id, index, trajectory_id)) from turns"
    " where role <> 'system'"
)


def figures() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        lake = Lake(settings.lake)
        for part in range(PARTS):
            day = DAY + timedelta(days=part)
            write_small_lake(
                lake, day, n_tasks=TASKS_A_PART, samples=SAMPLES, kinds=KINDS, n_calls=20, words=120, seed=part
            )
        started = time.perf_counter()
        with connect(lake) as con:
            con.execute(READ_ONCE).fetchall()
        read = time.perf_counter() - started
        started = time.perf_counter()
        rows = int(refine_night(settings, DAY, silent)["trajectories"])
        took = time.perf_counter() - started
    yield Figure("refine.rows_per_s", round(rows / took), "trajectories/s")
    yield Figure("refine.share_of_reading", round(read / took, 3), "ratio", "DuckDB reading the same columns once")
