"""The types of export views: a release view converts released rows for one trainer, a lake view queries the lake."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

from flows.settings.publish import Licenses
from schemas import Manifest
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake

Row = dict[str, Any]
Message = dict[str, Any]
Batches = Callable[[], Iterator[list[Row]]]
"""Reads the converted rows of a split from their start, a batch at a time."""

MESSAGE_COLUMNS = ("trajectory_id", "messages", "tools")
TOKEN_COLUMNS = ("token_ids", "loss_mask")
STUDENT_COLUMNS = ("student_token_ids", "student_loss_mask")
SEGMENT_COLUMNS = (
    "segment", "n_segments", "copied", "parent_id", "parent_call_id",
    "student_segment", "student_segments", "student_dropped", "student_fault",
)  # fmt: skip
"""Columns that releases of older versions lack, or those without context segments and children."""


def as_seen(row: Row) -> Row | None:
    """The row without the reasoning that the student's template leaves out in it: a trainer must not show it."""
    dropped = set(row.get("student_dropped") or ())
    if not dropped:
        return row
    messages = [
        message | {"reasoning_content": None} if number in dropped else message
        for number, message in enumerate(row["messages"])
    ]
    return row | {"messages": messages}


def whole(row: Row) -> Row | None:
    """The row if it holds a whole context segment, with all reasoning; None for the earlier rows of the segment."""
    is_earlier = (row.get("student_segment") or 0) + 1 < (row.get("student_segments") or 1)
    return None if is_earlier else row


def _no_files(splits: list[str]) -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class ReleaseView:
    """A pure function from a released row to a trainer's row, and the file format that the trainer or viewer loads."""

    convert: Callable[[Row], Row]
    columns: tuple[str, ...]
    """The columns of a released row that `convert` reads."""
    form: Literal["jsonl", "parquet", "eval"] = "jsonl"
    schema: Callable[[pa.DataType], pa.Schema] | None = None
    """The schema of a Parquet file, given the type of its JSON values; None: inferred from the rows."""
    write: Callable[[Batches, Path, Manifest, str], int] | None = None
    """Writes the converted rows of a split to a file of a form of its own, given the manifest and the split's name;
    returns the number of rows."""
    extra_files: Callable[[list[str]], dict[str, str]] = _no_files
    """Files to write next to the data, as name -> text, given the names of the splits."""
    select: Callable[[Row], Row | None] = as_seen
    """The released row as `convert` gets it; None leaves the row out."""
    left_out: str = ""
    """Which rows `select` leaves out, for the user."""


@dataclass(frozen=True)
class LakeView:
    """A query of the lake that writes one Parquet file."""

    write: Callable[[duckdb.DuckDBPyConnection, Lake, int, Path, ProgressCallback, Licenses], tuple[int, str]]
    """Takes the seed, the output file and the licenses to publish; returns the rows written, and a note on omitted rows
    or an empty text."""
