"""Selects the trajectories of a release, and gives each its split and its position, by seeded hashes.

The split is a hash of seed and question (`questions.py`), so that no question is in two splits, and one that was in
a release keeps its split in every later one; the position is a hash of seed and trajectory. Only ids are sorted here:
the long rows are read later, bucket by bucket, so that memory stays bounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from flows.publish.build.licenses import create_license_refusals
from flows.publish.build.questions import create_question_splits
from flows.settings import Publish
from warehouse.connect import create_temp_table, query

BUCKET_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True)
class Selection:
    """The trajectories to release, in released order."""

    rows: pa.Table
    """trajectory_id, task_id, domain, n_tokens, n_segments, parent_id, split, position, bucket; one row per
    trajectory, by position. Copies count in n_tokens."""
    refine_id: str
    created_at: datetime
    """UTC time at which the newest of them ended."""
    newest_run: str
    """Night of the run that finished the newest of them."""
    refused: Mapping[str, int] = field(default_factory=dict)
    """Reason -> number of kept trajectories that their licenses keep out."""

    @property
    def n_segments(self) -> int:
        """Number of context segments of all of them."""
        return int(pc.sum(self.rows["n_segments"]).as_py())

    @property
    def n_children(self) -> int:
        """Number of those that another one delegated."""
        return int(pc.sum(self.rows["parent_id"].is_valid()).as_py())

    @property
    def is_segmented(self) -> bool:
        """True if the shards have the columns on segments: a trajectory has several, or is a child."""
        return self.n_segments > self.rows.num_rows or self.n_children > 0


def select_trajectories(
    con: duckdb.DuckDBPyConnection, settings: Publish, bucket_bytes: int = BUCKET_BYTES
) -> Selection | None:
    """The trajectories that the newest refine kept and whose licenses allow it, in released order; None if none.

    Leaves them as the table `chosen`. A bucket holds about `bucket_bytes` of uncompressed rows; its size does not
    change the release.
    """
    shape = {"seed": settings.seed, "bucket_bytes": bucket_bytes}
    create_question_splits(con, settings.seed, settings.validation_share)
    refused = create_license_refusals(con, settings.licenses)
    create_temp_table(con, "chosen", query("publish", "chosen"), shape)
    rows = con.sql("from chosen order by position").to_arrow_table()
    if not rows.num_rows:
        return None
    refine_id, created_at, newest_run = (pc.max(rows[name]).as_py() for name in ("refine_id", "ended_at", "run_id"))
    return Selection(rows, refine_id, created_at, newest_run, refused)
