"""Which trajectories are released, in which split, and in what order.

Both follow from hashes: of seed and task for the split, so that no task is ever in two splits and keeps
its split in every later release; of seed and trajectory for the order. Only ids are ordered here. The
long rows are gathered afterwards, bucket by bucket, so that memory stays bounded.
"""

from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from flows.settings import Publish
from warehouse.connect import create_temp_table, sql_files

BUCKET_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Selection:
    """The trajectories to release, in released order."""

    rows: pa.Table
    """trajectory_id, task_id, domain, n_tokens, split, position, bucket: one row a trajectory, by position."""
    refine_id: str
    created_at: datetime
    """When the newest of them ended, UTC."""
    newest_run: str
    """The run that finished the newest of them."""


def choose(con: duckdb.DuckDBPyConnection, settings: Publish, bucket_bytes: int = BUCKET_BYTES) -> Selection | None:
    """Choose and order what the newest refine kept (None: nothing), and leave it as the table `chosen`.

    A bucket holds about `bucket_bytes` of rows (uncompressed); buckets change nothing in what is released.
    """
    shape = {"seed": settings.seed, "validation_share": settings.validation_share, "bucket_bytes": bucket_bytes}
    create_temp_table(con, "chosen", sql_files("publish")["chosen"], shape)
    rows = con.sql("from chosen order by position").to_arrow_table()
    if not rows.num_rows:
        return None
    refine_id, created_at, newest_run = (pc.max(rows[name]).as_py() for name in ("refine_id", "ended_at", "run_id"))
    return Selection(rows, refine_id, created_at, newest_run)
