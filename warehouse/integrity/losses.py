"""Records the attempts that a repair lost as unfinished, with a reason, so that every planned attempt still counts.

An attempt whose rows were set aside has no trajectory, so the next rollout makes it again. A trajectory whose task was
lost keeps its place among the attempts. What was recorded once is not recorded again.
"""

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa

from schemas import Release, Task, Trajectory, Turn, Unfinished, arrow_schema
from warehouse.connect import connect, query
from warehouse.integrity.repair import damaged_parts
from warehouse.lake import Lake, LakeDamaged
from warehouse.part_faults import READ_ERRORS, open_part

LOST, TASK_LOST = "lost", "task_lost"
WORKER = "repair"
COLUMNS = ("trajectory_id", "n_turns", "n_tokens", "n_sampled_tokens")


def record_losses(lake: Lake, today: date) -> dict[str, int]:
    """Write one row per attempt that is newly lost, or newly without its task; returns their numbers by reason."""
    counts = {}
    for reason, name in ((TASK_LOST, "tasks_lost"), (LOST, "lost_attempts")):
        if reason == TASK_LOST and not any(damaged_parts(lake, Task)):
            continue
        with connect(lake) as con:
            con.register("read_lost", _readable_attempts(lake))
            rows = _rows(con, name, reason, today)
        if rows.num_rows:
            lake.write_table(Unfinished, rows, lake.next_part(today, WORKER, Unfinished))
        counts[reason] = rows.num_rows
    return counts


def unbacked_releases(lake: Lake) -> list[Path]:
    """The parts of releases without published rows, such as one stored in a second place, whose rows were lost."""
    with connect(lake) as con:
        backed = {name for (name,) in con.execute("select distinct release_id from published_parts").fetchall()}
    found = []
    for path in lake.parts(Release):
        with open_part(path) as part:
            rows = part.read(["release_id", "rows"]).to_pylist()
        if any(row["rows"] and row["release_id"] not in backed for row in rows):
            found.append(path)
    return found


def _rows(con: duckdb.DuckDBPyConnection, name: str, reason: str, today: date) -> pa.Table:
    values = {"reason": reason, "now": datetime.now(UTC), "run_id": today.isoformat()}
    return con.sql(query("repair", name), params=values).to_arrow_table().cast(arrow_schema(Unfinished))


def _readable_attempts(lake: Lake) -> pa.Table:
    """The attempts in the parts of trajectories and turns that were set aside, as far as these can still be read."""
    trajectory, found = arrow_schema(Trajectory), []
    for model in (Trajectory, Turn):
        names = [name for name in COLUMNS if name in trajectory.names and (model is Trajectory or name == COLUMNS[0])]
        for path in damaged_parts(lake, model):
            try:
                with open_part(path) as part:
                    found.append(part.read(names).group_by(names).aggregate([]).select(names))
            except (LakeDamaged, *READ_ERRORS):
                continue
    empty = pa.schema([trajectory.field(name) for name in COLUMNS]).empty_table()
    return pa.concat_tables([empty, *found], promote_options="default")
