"""Reads the rows of a record from a home's lake."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from schemas import Record
from warehouse.lake import Lake


def rows(home: Path, model: type[Record]) -> list[dict[str, Any]]:
    """All rows of a record, in the order of its parts."""
    parts = Lake(home / "lake").parts(model)
    return [row for part in parts for row in pq.read_table(part, partitioning=None).to_pylist()]
