"""Opens files whatever their compression: gzip, bzip2, xz and zstd streams, and the members of zip archives.

The first bytes decide, not the name. Everything is streamed, so that a small file cannot fill the memory.
"""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

PARQUET, ZIP = b"PAR1", b"PK\x03\x04"
OPENERS: dict[bytes, tuple[str, Callable[[IO[bytes]], Any]]] = {
    b"\x1f\x8b": ("gzip", lambda file: gzip.GzipFile(fileobj=file)),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMAFile),
    b"\x28\xb5\x2f\xfd": (
        "zstd",
        lambda file: io.BufferedReader(pa.CompressedInputStream(pa.PythonFile(file), "zstd")),
    ),
}
"""First bytes -> name and reader of a compression."""
BROKEN = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException)
"""Errors of an incomplete or damaged compressed file; OSError is read apart, since it may be the disk's."""
NOT_ROWS = ("__MACOSX/", ".")


def first_bytes(path: Path) -> bytes:
    """The bytes that identify a file's kind."""
    with path.open("rb") as file:
        return file.read(8)


def compression_of(start: bytes) -> str | None:
    """The name of the compression that a file starts with; None for plain and Parquet files."""
    if start.startswith(ZIP):
        return "zip"
    return next((name for magic, (name, _) in OPENERS.items() if start.startswith(magic)), None)


def streams(path: Path) -> Iterator[Callable[[], Any]]:
    """Openers of the file's decompressed contents: one, or one per member of a zip archive in name order.

    An .eval archive of Inspect holds many members that are no samples: only samples are read of it.
    """
    if not first_bytes(path).startswith(ZIP):
        yield partial(opened, path)
        return
    with zipfile.ZipFile(path) as archive:
        names = sorted(one.filename for one in archive.infolist() if not one.is_dir())
    samples = [name for name in names if name.startswith("samples/") and name.endswith(".json")]
    for name in samples or [one for one in names if not one.startswith(NOT_ROWS)]:
        yield partial(_member, path, name)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The file's decompressed bytes."""
    with path.open("rb") as file:
        start = file.read(8)
        file.seek(0)
        opener = next((open for magic, (_, open) in OPENERS.items() if start.startswith(magic)), None)
        yield opener(file) if opener else file


@contextmanager
def _member(path: Path, name: str) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(path) as archive, archive.open(name) as member:
        yield member
