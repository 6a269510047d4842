"""Streams the rows of a Parquet file.

Rows after a broken page are refused, and reading continues with the next row group.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flows.imports.formats.conversation import Refused
from flows.imports.reading.rows import ImportFailed, RawRow

ROWS_A_BATCH = 32


def rows_of_parquet(path: Path) -> Iterator[RawRow]:
    """The file's rows in order; raises ImportFailed if the file has no readable footer."""
    try:
        with pq.ParquetFile(path) as file:
            first = 0
            for group in range(file.num_row_groups):
                metadata = file.metadata.row_group(group)
                yield from _of_group(file, group, first, metadata)
                first += metadata.num_rows
    except (pa.ArrowException, pa.ArrowInvalid) as error:
        raise ImportFailed(
            f"{path} is not a complete Parquet file ({error}). Fetch it again, then import it."
        ) from error


def _of_group(file: pq.ParquetFile, group: int, first: int, metadata: Any) -> Iterator[RawRow]:
    """Rows of one row group; rows after a broken page are refused as damaged."""
    size, done = metadata.total_byte_size // max(metadata.num_rows, 1), 0
    try:
        for batch in file.iter_batches(ROWS_A_BATCH, row_groups=[group], use_threads=False):
            for at in range(batch.num_rows):
                yield RawRow(first + done, size, _row(batch, at))
                done += 1
    except (pa.ArrowException, OSError) as error:
        for row in range(first + done, first + metadata.num_rows):
            yield RawRow(row, size, Refused("damaged", str(error)))


def _row(batch: pa.RecordBatch, at: int) -> dict[str, Any] | Refused:
    try:
        (row,) = batch.slice(at, 1).to_pylist()
    except UnicodeDecodeError as error:
        return Refused("not_unicode", str(error))
    except (ValueError, OverflowError) as error:
        return Refused("damaged", str(error))
    unpadded: dict[str, Any] = _without_nulls(row)
    return unpadded


def _without_nulls(value: Any) -> Any:
    """The value without null fields: Parquet pads each struct with the fields of all rows."""
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value
