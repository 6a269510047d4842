"""Streams the rows of a published file, one row at a time, in chunks of a fixed size.

Row sizes come from the file alone, so chunks of the same file have the same boundaries on every import.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from flows.imports.reading.compression import BROKEN, PARQUET, compression_of, first_bytes, streams
from flows.imports.reading.parquet import rows_of_parquet
from flows.imports.reading.rows import LONGEST_ROW, ImportFailed, RawRow
from flows.imports.reading.text_rows import rows_of_text
from schemas import sha256_file

__all__ = ["LONGEST_ROW", "ImportFailed", "RawRow", "chunks", "rows_of", "sha256_of"]

CHUNK_ROWS, CHUNK_BYTES = 512, 32 * 1024 * 1024


def rows_of(path: Path) -> Iterator[RawRow]:
    """The file's rows in order; raises ImportFailed if the file cannot be read or decompressed."""
    kind = None
    try:
        start = first_bytes(path)
        kind = compression_of(start)
        yield from rows_of_parquet(path) if start.startswith(PARQUET) else _of_text(path)
    except BROKEN as error:
        raise ImportFailed(
            f"{path} is not a complete {kind} file ({error}). Fetch it again, then import it."
        ) from error
    except OSError as error:
        if kind and error.errno is None:
            raise ImportFailed(
                f"{path} is not a complete {kind} file ({error}). Fetch it again, then import it."
            ) from error
        raise ImportFailed(f"cannot read {path}: {error}") from error


def _of_text(path: Path) -> Iterator[RawRow]:
    """Rows of all streams, numbered through."""
    following = 0
    for stream in streams(path):
        last = following - 1
        for row in rows_of_text(stream, following):
            last = max(last, row.row)
            yield row
        following = last + 1


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
