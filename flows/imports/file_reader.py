"""Streams the rows of a JSONL or Parquet file, one row at a time.

An unreadable row yields a refusal and reading continues. Row sizes come from the file alone, so chunks of the
same file have the same boundaries on every import.
"""

import gzip
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
from schemas import sha256_file

MAGIC, GZIP = b"PAR1", b"\x1f\x8b"
OTHERS = {b"\x28\xb5\x2f\xfd": "zstd", b"\xfd7zX": "xz", b"BZh": "bzip2", b"PK\x03\x04": "zip"}
"""Magic bytes of compression formats that are not supported."""
MARK = b"\xef\xbb\xbf"
"""UTF-8 byte order mark, which some editors write before the first row."""
ARRAY = re.compile(rb"\s*\[\s*(\{|$)")
"""Start of a file that is one JSON array, on one line or on many."""
LONGEST_ROW = 32 * 1024 * 1024
"""Maximum bytes of a row, about thirty times the longest context."""
ROWS_A_BATCH = 32
CHUNK_ROWS, CHUNK_BYTES = 512, 32 * 1024 * 1024


class ImportFailed(Exception):
    """A file cannot be imported; the message names the file, the cause and the remedy."""


@dataclass(frozen=True)
class RawRow:
    """One row of the file: the bytes of a line, a Parquet row as a dict, or the refusal of an unreadable row."""

    row: int
    size: int
    """Bytes in the file (for Parquet the mean of the row group)."""
    content: bytes | dict[str, Any] | Refused

    def value(self) -> Any:
        """The parsed row; raises Refused."""
        if isinstance(self.content, Refused):
            raise self.content
        return from_json(self.content) if isinstance(self.content, bytes) else self.content


def rows_of(path: Path) -> Iterator[RawRow]:
    """The file's rows in order; raises ImportFailed unless it is JSONL, gzipped JSONL or Parquet."""
    try:
        with path.open("rb") as file:
            kind = file.read(len(MAGIC))
        _refuse_other(path, kind)
        yield from _of_parquet(path) if kind == MAGIC else _of_lines(path, gzipped=kind.startswith(GZIP))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ImportFailed(f"{path} is not a complete gzip file ({error}). Fetch it again, then import it.") from error
    except OSError as error:
        raise ImportFailed(f"cannot read {path}: {error}") from error


def _refuse_other(path: Path, kind: bytes) -> None:
    for magic, name in OTHERS.items():
        if kind.startswith(magic):
            raise ImportFailed(f"{path} is compressed with {name}: decompress it first, or write it with gzip.")


def chunks(rows: Iterable[RawRow]) -> Iterator[list[RawRow]]:
    """Chunks of CHUNK_ROWS rows, or fewer once they reach CHUNK_BYTES; the same rows give the same chunks."""
    held: list[RawRow] = []
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
        return sha256_file(path)
    except OSError as error:
        raise ImportFailed(f"cannot read {path}: {error}") from error


def _of_lines(path: Path, *, gzipped: bool) -> Iterator[RawRow]:
    number, begun = -1, False
    with gzip.open(path, "rb") if gzipped else path.open("rb") as file:
        while line := file.readline(LONGEST_ROW + 1):
            number += 1
            text = line.removeprefix(MARK) if number == 0 else line
            if not begun and ARRAY.match(text):
                raise ImportFailed(f"{path} is one JSON array: write one row per line (jq -c '.[]' {path.name})")
            begun = begun or bool(text.strip())
            if len(line) > LONGEST_ROW:
                yield RawRow(number, _rest_of_line(file, len(line)), Refused("too_long"))
            elif text.strip():
                yield RawRow(number, len(line), text)


def _rest_of_line(file: Any, size: int) -> int:
    while chunk := file.readline(LONGEST_ROW):
        size += len(chunk)
        if chunk.endswith(b"\n"):
            break
    return size


def _of_parquet(path: Path) -> Iterator[RawRow]:
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
