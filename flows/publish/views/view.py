"""The types of export views: a release view converts released rows for one trainer, a lake view queries the lake."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake

Row = dict[str, Any]
Message = dict[str, Any]

MESSAGE_COLUMNS = ("trajectory_id", "messages", "tools")
TOKEN_COLUMNS = ("token_ids", "loss_mask")
STUDENT_COLUMNS = ("student_token_ids", "student_loss_mask")


def _no_files(splits: list[str]) -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class ReleaseView:
    """A pure function from a released row to a trainer's row, and the file format that the trainer loads."""

    convert: Callable[[Row], Row]
    columns: tuple[str, ...]
    """The columns of a released row that `convert` reads."""
    form: Literal["jsonl", "parquet"] = "jsonl"
    schema: Callable[[pa.DataType], pa.Schema] | None = None
    """The schema of a Parquet file, given the type of its JSON values; None: inferred from the rows."""
    extra_files: Callable[[list[str]], dict[str, str]] = _no_files
    """Files to write next to the data, as name -> text, given the names of the splits."""


@dataclass(frozen=True)
class LakeView:
    """A query of the lake that writes one Parquet file."""

    write: Callable[[duckdb.DuckDBPyConnection, Lake, int, Path, ProgressCallback], tuple[int, str]]
    """Takes the seed and the output file; returns the rows written, and a note on omitted rows or an empty text."""
