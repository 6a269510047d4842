"""What refine keeps of each part of turns: one small Parquet file a part, there whole or not at all.

A file is named after its part and a hash of the part's footer, so that another part under the same name is read
anew. Files of one kind stand in one folder, which is named after all that made them.
"""

import hashlib
import math
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

EMPTY = "empty.parquet"
ABANDONED_S = 3600.0
"""Age of a half written file that nobody is still at: each is written within a second."""


def file_of(part: Path) -> str:
    """The file name for what is kept of a part."""
    with part.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, os.SEEK_END)
        return f"{part.stem}-{hashlib.sha256(file.read(length)).hexdigest()[:12]}.parquet"


def lacking_of(folder: Path, files: Iterable[str]) -> list[str]:
    """Those of the files that are not there yet."""
    return [file for file in files if not (folder / file).exists()]


def together(files: Sequence[str], sized: Mapping[str, Path], limit: int, workers: int = 1) -> list[list[str]]:
    """The files in order, in lots of nearly equal size, as many for each worker, so that all end at once.

    The paths in `sized` of a lot hold `limit` bytes at most, give or take a file.
    """
    sizes = [sized[file].stat().st_size for file in files]
    total, before = sum(sizes), 0
    count = workers * math.ceil(total / (limit * workers))
    lots = defaultdict[int, list[str]](list)
    for file, size in zip(files, sizes, strict=True):
        lots[(2 * before + size) * count // (2 * total)].append(file)
        before += size
    return list(lots.values())


def in_order(rows: pa.Table) -> pa.Table:
    """The rows by `part` and `row`; they mostly stand so, since DuckDB keeps the order of what it reads."""
    places = _places(rows)
    return rows if (places[1:] > places[:-1]).all() else rows.take(np.argsort(places, kind="stable"))


def widened(rows: pa.Table, more: pa.Table) -> pa.Table:
    """The rows, which stand in order, with the columns of `more`, which has some of them; null for the others."""
    found = np.full(rows.num_rows, -1)
    found[np.searchsorted(_places(rows), _places(more))] = np.arange(more.num_rows)
    columns = more.drop_columns(["part", "row"]).take(pa.array(found, mask=found < 0))
    for name in columns.column_names:
        rows = rows.append_column(name, columns[name])
    return rows


def put_each(rows: pa.Table, paths: Sequence[Path]) -> None:
    """Write the rows of each part, which stand by `part` from 0 up, to its file; where chunks end is not to be seen."""
    parts, numbers = _numbers(rows["part"]), np.arange(len(paths))
    starts, ends = (np.searchsorted(parts, numbers, side=side).tolist() for side in ("left", "right"))
    narrow = rows.drop_columns([name for name in ("part", "row") if name in rows.column_names])
    for path, start, end in zip(paths, starts, ends, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        _put(narrow.slice(start, end - start).combine_chunks(), path)


def remove_stale(folder: Path, files: Collection[str]) -> None:
    """Remove what no part and no settings stand behind, and what a killed process left half written.

    What another process is writing is left to it.
    """
    home = folder.parent
    home.mkdir(parents=True, exist_ok=True)
    for other in set(home.iterdir()) - {folder}:
        shutil.rmtree(other, ignore_errors=True)
    for path in folder.glob("*"):
        if path.name not in files and not _being_written(path):
            path.unlink(missing_ok=True)


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


def _put(rows: pa.Table, path: Path) -> None:
    """Write rows, in their order, as one file, which appears when it is whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    try:
        packed = _compression(rows.schema)
        pq.write_table(rows, temporary, compression=packed, use_dictionary=texts, write_statistics=False)
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()


def _compression(schema: pa.Schema) -> dict[str, str]:
    """A codec for each column of a file: hashes, all that is unsigned, are noise, and stay as they are."""
    columns = (column for field in schema for column in _columns(field.type, field.name))
    return {path: "none" if pa.types.is_unsigned_integer(kind) else "lz4" for path, kind in columns}


def _columns(kind: pa.DataType, path: str) -> Iterator[tuple[str, pa.DataType]]:
    """What stands in a file of a column: of lists and structs, their innermost values."""
    if pa.types.is_list(kind):
        yield from _columns(kind.value_type, f"{path}.list.element")
    elif pa.types.is_struct(kind):
        for field in kind.fields:
            yield from _columns(field.type, f"{path}.{field.name}")
    else:
        yield path, kind
