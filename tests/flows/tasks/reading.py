"""Reads the rows of a record from a lake."""

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from schemas import Record
from warehouse.lake import Lake
from warehouse.objects import parquet_source


def rows(home: Path, model: type[Record]) -> list[dict[str, Any]]:
    """All rows of a record of a home whose lake is on the disk, in the order of its parts."""
    return rows_of(Lake(home / "lake"), model)


def rows_of(lake: Lake, model: type[Record]) -> list[dict[str, Any]]:
    """All rows of a record, in the order of its parts."""
    return [
        row for part in lake.parts(model) for row in pq.read_table(parquet_source(part), partitioning=None).to_pylist()
    ]
