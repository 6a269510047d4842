"""Caches results per part of turns: one small Parquet file per part, written atomically.

A file is named after its part and a hash of the part's footer, so a part that is replaced under the same name is read
again. Files of one version of the SQL and settings are in one folder; other versions have folders of their own.
"""

import hashlib
import math
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from socket import gethostname

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from schemas import sha256_file, sha256_text
from warehouse.objects import ObjectPath

EMPTY = "empty.parquet"
SUM = ".sha256"
"""Suffix of the file beside a cache file that holds its SHA-256; files of earlier factories have none."""
CHECKED_ROWS = 65_536
ABANDONED_S = 3600.0
"""Seconds after which a temporary file counts as abandoned: each file is written within a second."""


def file_of(part: Path) -> str:
    """The name of the cache file of a part; of one in a bucket by its size and time, which its listing has already."""
    if isinstance(part, ObjectPath):
        found = part.stat()
        return f"{part.stem}-{sha256_text(f'{found.st_size} {int(found.st_mtime)}')[:12]}.parquet"
    with part.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, os.SEEK_END)
        return f"{part.stem}-{hashlib.sha256(file.read(length)).hexdigest()[:12]}.parquet"


def missing_files(folder: Path, files: Iterable[str]) -> list[str]:
    """The files that do not exist in the folder yet, in order."""
    return [file for file in files if not (folder / file).exists()]


def batches_of(files: Sequence[str], sized: Mapping[str, Path], limit: int, workers: int = 1) -> list[list[str]]:
    """Split the files, in order, into batches of nearly equal size; their number is a multiple of `workers`.

    `sized` maps each file to the path whose bytes count; a batch has about `limit` bytes at most, up to one file more.
    """
    sizes = [sized[file].stat().st_size for file in files]
    total, before = sum(sizes), 0
    count = workers * math.ceil(total / (limit * workers))
    batches = defaultdict[int, list[str]](list)
    for file, size in zip(files, sizes, strict=True):
        batches[(2 * before + size) * count // (2 * total)].append(file)
        before += size
    return list(batches.values())


def sort_rows(rows: pa.Table) -> pa.Table:
    """The rows sorted by `part` and `row`. They usually are already, since DuckDB keeps the order of its input."""
    places = _places(rows)
    return rows if (places[1:] > places[:-1]).all() else rows.take(np.argsort(places, kind="stable"))


def add_columns(rows: pa.Table, more: pa.Table) -> pa.Table:
    """Add the columns of `more` to the sorted rows, by `part` and `row`; null for rows that `more` does not have."""
    found = np.full(rows.num_rows, -1)
    found[np.searchsorted(_places(rows), _places(more))] = np.arange(more.num_rows)
    columns = more.drop_columns(["part", "row"]).take(pa.array(found, mask=found < 0))
    for name in columns.column_names:
        rows = rows.append_column(name, columns[name])
    return rows


def write_parts(rows: pa.Table, paths: Sequence[Path]) -> None:
    """Write each part's rows to its own file. Rows are sorted by `part`, which indexes `paths`.

    The bytes do not depend on how the input was chunked.
    """
    parts, numbers = _numbers(rows["part"]), np.arange(len(paths))
    starts, ends = (np.searchsorted(parts, numbers, side=side).tolist() for side in ("left", "right"))
    narrow = rows.drop_columns([name for name in ("part", "row") if name in rows.column_names])
    for path, start, end in zip(paths, starts, ends, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(narrow.slice(start, end - start).combine_chunks(), path)


def remove_stale(folder: Path, files: Collection[str]) -> None:
    """Remove files of parts that no longer exist, other versions' folders, and abandoned temporary files.

    Recent temporary files are left alone: another process may be writing them.
    """
    home = folder.parent
    home.mkdir(parents=True, exist_ok=True)
    for other in set(home.iterdir()) - {folder}:
        shutil.rmtree(other, ignore_errors=True)
    for path in folder.glob("*"):
        if path.with_suffix(".parquet").name not in files and not _being_written(path):
            path.unlink(missing_ok=True)


def damaged_files(folder: Path) -> list[Path]:
    """The files of caches in `folder`, at any depth, with other bytes than were written, or that do not decode."""
    return [path for path in sorted(folder.rglob("*.parquet")) if not _is_whole(path)]


def _is_whole(path: Path) -> bool:
    written = path.with_suffix(SUM)
    try:
        if written.exists() or written.is_symlink():
            return written.read_text() == sha256_file(path)
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            read = sum(batch.num_rows for batch in file.iter_batches(CHECKED_ROWS))
            return bool(read == file.metadata.num_rows)
    except (OSError, pa.ArrowException, ValueError):
        return False


def _being_written(path: Path) -> bool:
    try:
        return path.suffix == ".tmp" and time.time() - path.stat().st_mtime < ABANDONED_S
    except FileNotFoundError:
        return True


def _places(rows: pa.Table) -> NDArray[np.int64]:
    return (_numbers(rows["part"]) << 40) + _numbers(rows["row"])


def _numbers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A column of no nulls; `to_numpy` would import pandas first."""
    return np.from_dlpack(column.combine_chunks()).astype(np.int64)


def _write(rows: pa.Table, path: Path) -> None:
    """Write rows, in their order, to a temporary file and rename it."""
    writer = f"{gethostname()}-{os.getpid()}"
    temporary, checksum = (path.with_name(f".{path.name}.{writer}{end}.tmp") for end in ("", SUM))
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    try:
        packed = _compression(rows.schema)
        options = {"compression": packed, "use_dictionary": texts}
        pq.write_table(rows, temporary, write_statistics=False, **options)
        checksum.write_text(sha256_file(temporary))
        checksum.replace(path.with_suffix(SUM))
        temporary.replace(path)
    finally:
        for left in (temporary, checksum):
            left.unlink(missing_ok=True)


def _compression(schema: pa.Schema) -> dict[str, str]:
    """The codec of each column: none for unsigned integers, which are hashes and do not compress, else LZ4."""
    columns = (column for field in schema for column in _columns(field.type, field.name))
    return {path: "none" if pa.types.is_unsigned_integer(kind) else "lz4" for path, kind in columns}


def _columns(kind: pa.DataType, path: str) -> Iterator[tuple[str, pa.DataType]]:
    """The leaf columns of a column in a Parquet file, with their paths: the innermost values of lists and structs."""
    if pa.types.is_list(kind):
        yield from _columns(kind.value_type, f"{path}.list.element")
    elif pa.types.is_struct(kind):
        for field in kind.fields:
            yield from _columns(field.type, f"{path}.{field.name}")
    else:
        yield path, kind
