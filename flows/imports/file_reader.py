"""The rows of a JSONL or Parquet file as a stream: a row at a time, never the set.

A row that cannot be read comes as the refusal that it is, and the next one follows. Sizes come from the file
alone, so that whoever cuts rows by size cuts the same file in the same places each time.
"""

import gzip
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flows.imports.formats.coerce import from_json
from flows.imports.formats.conversation import Refused

MAGIC, GZIP = b"PAR1", b"\x1f\x8b"
OTHERS = {b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zX": "xz", b"BZh": "bzip2", b"PK\x03\x04": "zip"}
"""How files begin that are compressed as we do not read."""
MARK = b"\xef\xbb\xbf"
"""The byte order mark that some editors put before the first row."""
ARRAY = re.compile(rb"\s*\[\s*(\{|$)")
"""How a set begins that is one JSON array, on one line or on many."""
LONGEST_ROW = 32 * 1024 * 1024
"""Bytes of a row, about thirty times the longest context."""
ROWS_A_BATCH = 32
CHUNK_ROWS, CHUNK_BYTES = 512, 32 * 1024 * 1024


class ImportFailed(Exception):
    """A file cannot be imported; the message says which, why, and what to do."""


@dataclass(frozen=True)
class Raw:
    """A row as it stands in the file: bytes of a line, a Parquet row, or why it cannot be read."""

    row: int
    size: int
    """Bytes, as the file has it (Parquet: the mean of its row group)."""
    said: bytes | dict[str, Any] | Refused

    def value(self) -> Any:
        """What the row says; raises Refused."""
        if isinstance(self.said, Refused):
            raise self.said
        return from_json(self.said) if isinstance(self.said, bytes) else self.said


def rows_of(path: Path) -> Iterator[Raw]:
    """The file's rows in order; raises ImportFailed on what is neither JSONL (maybe gzipped) nor whole Parquet."""
    try:
        with path.open("rb") as file:
            kind = file.read(len(MAGIC))
        _refuse_other(path, kind)
        yield from _of_parquet(path) if kind == MAGIC else _of_lines(path, gzipped=kind.startswith(GZIP))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ImportFailed(f"{path} is no whole gzip file ({error}). Fetch it again, then import it.") from error
    except OSError as error:
        raise ImportFailed(f"cannot read {path}: {error}") from error


def _refuse_other(path: Path, kind: bytes) -> None:
    for magic, name in OTHERS.items():
        if kind.startswith(magic):
            raise ImportFailed(f"{path} is compressed with {name}: decompress it first, or write it with gzip.")


def chunks(rows: Iterable[Raw]) -> Iterator[list[Raw]]:
    """Rows in runs of CHUNK_ROWS, or fewer where they are long: the same rows are always cut the same way."""
    held: list[Raw] = []
    size = 0
    for row in rows:
        held.append(row)
        size += row.size
        if len(held) == CHUNK_ROWS or size >= CHUNK_BYTES:
            yield held
            held, size = [], 0
    if held:
        yield held


def sha256_of(path: Path) -> str:
    """SHA-256 of the file's bytes, 64 hex digits; raises ImportFailed."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImportFailed(f"cannot read {path}: {error}") from error


def _of_lines(path: Path, *, gzipped: bool) -> Iterator[Raw]:
    number, begun = -1, False
    with gzip.open(path, "rb") if gzipped else path.open("rb") as file:
        while line := file.readline(LONGEST_ROW + 1):
            number += 1
            said = line.removeprefix(MARK) if number == 0 else line
            if not begun and ARRAY.match(said):
                raise ImportFailed(f"{path} is one JSON array: write a row a line (jq -c '.[]' {path.name})")
            begun = begun or bool(said.strip())
            if len(line) > LONGEST_ROW:
                yield Raw(number, _rest_of_line(file, len(line)), Refused("too_long"))
            elif said.strip():
                yield Raw(number, len(line), said)


def _rest_of_line(file: Any, size: int) -> int:
    while chunk := file.readline(LONGEST_ROW):
        size += len(chunk)
        if chunk.endswith(b"\n"):
            break
    return size


def _of_parquet(path: Path) -> Iterator[Raw]:
    try:
        with pq.ParquetFile(path) as file:
            first = 0
            for group in range(file.num_row_groups):
                told = file.metadata.row_group(group)
                yield from _of_group(file, group, first, told)
                first += told.num_rows
    except (pa.ArrowException, pa.ArrowInvalid) as error:
        raise ImportFailed(f"{path} is no whole Parquet file ({error}). Fetch it again, then import it.") from error


def _of_group(file: pq.ParquetFile, group: int, first: int, told: Any) -> Iterator[Raw]:
    """A row group's rows; those behind a broken page are refused as damaged."""
    size, done = told.total_byte_size // max(told.num_rows, 1), 0
    try:
        for batch in file.iter_batches(ROWS_A_BATCH, row_groups=[group], use_threads=False):
            for at in range(batch.num_rows):
                yield Raw(first + done, size, _row(batch, at))
                done += 1
    except (pa.ArrowException, OSError) as error:
        for row in range(first + done, first + told.num_rows):
            yield Raw(row, size, Refused("damaged", str(error)))


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
    """Objects without the nulls that Parquet pads them with: one struct has the fields of all."""
    if isinstance(value, dict):
        return {name: _without_nulls(one) for name, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value
