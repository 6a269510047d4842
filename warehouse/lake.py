"""The lake: Parquet parts, one folder a record. The only place that knows their paths and writes them.

A part appears whole (temporary name, fsync, rename) and never changes afterwards, so readers need no
lock and a kill leaves either the part or nothing. A writer that is repeated with the same name writes
the same rows, so work that is repeated after a kill overwrites itself and never doubles.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from io import FileIO
from pathlib import Path
from threading import get_ident
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas import RECORDS, Record, arrow_schema, table

EMPTY_PARTITION = "date=0001-01-01"
RAW = "raw"
BLOCK_ROWS = 128
ROW_GROUP_ROWS = 16 * BLOCK_ROWS  # with 128 rows, turns take nearly twice the disk and time to read
ROW_GROUP_BYTES = 16 * 1024 * 1024  # of text and tokens: the memory of a writer is a few such groups
DATA_PAGE_BYTES = 8 * 1024 * 1024  # int32 ids: 0.98 bytes a token instead of 1.19


class LakeError(Exception):
    """The lake could not be read or written; the message says which part and what to do."""


@dataclass(frozen=True)
class PartName:
    """Which part: the run's day (its ISO date is the run_id), the worker that wrote it, and a number."""

    day: date
    worker: str
    seq: int

    @property
    def file(self) -> str:
        return f"{self.day.isoformat()}-{self.worker}-{self.seq:06d}.parquet"


class Lake:
    """A directory of parts: `<root>/<record>/date=YYYY-MM-DD/<run>-<worker>-<seq>.parquet`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def prepare(self) -> None:
        """Make each record's folder with one empty part, so that views bind before the first row lands.

        A lake that knows fewer columns, from before the record grew, gets its empty part anew.
        """
        for model in RECORDS:
            part = self.empty_part(model)
            if not part.exists() or not pq.read_schema(part).equals(arrow_schema(model)):
                self._put(arrow_schema(model), [], part)

    def empty_part(self, model: type[Record]) -> Path:
        """A part of no rows, with every column that the record has now."""
        return self.root / model.record / EMPTY_PARTITION / "empty.parquet"

    def glob(self, model: type[Record]) -> str:
        """The pattern that matches every part of the record, for DuckDB's read_parquet."""
        return str(self.root.absolute() / model.record / "*" / "*.parquet")

    def parts(self, model: type[Record], day: date | None = None) -> list[Path]:
        """The record's parts in name order, of one day or of all."""
        folder = f"date={day.isoformat()}" if day else "date=*"
        found = (self.root / model.record).glob(f"{folder}/*.parquet")
        return sorted(path for path in found if path.parent.name != EMPTY_PARTITION)

    def new_raw(self, day: date, worker: str) -> tuple[str, FileIO]:
        """A new, empty WARC file for raw replies, unbuffered, with its name under the lake; never one that exists."""
        folder = self.root / RAW / f"date={day.isoformat()}"
        folder.mkdir(parents=True, exist_ok=True)
        seq = len(list(folder.glob(f"*-{worker}-*.warc.gz")))
        while (path := folder / f"{day.isoformat()}-{worker}-{seq:06d}.warc.gz").exists():
            seq += 1
        file = FileIO(path, "xb")
        sync(folder)
        return path.relative_to(self.root).as_posix(), file

    def raw(self, name: str) -> Path:
        """The path of a raw file by its name under the lake; raises LakeError on a name that leads elsewhere."""
        path = (self.root / name).resolve()
        if not path.is_relative_to((self.root / RAW).resolve()):
            raise LakeError(f"{name!r} is no file of raw replies of {self.root}")
        return path

    def write(self, model: type[Record], rows: Iterable[Record], name: PartName) -> Path:
        """Write rows as one part and return its path; raises LakeError when they do not fit the schema."""
        try:
            part = table(model, rows)
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError) as error:
            raise LakeError(f"rows of {model.record} do not fit its schema: {error}") from error
        return self.write_table(model, part, name)

    def write_table(self, model: type[Record], part: pa.Table, name: PartName) -> Path:
        """Write an Arrow table as one part; raises LakeError on another schema or a null where none may be."""
        return self.write_batches(model, part.schema, part.to_batches(), name)

    def write_batches(
        self, model: type[Record], schema: pa.Schema, batches: Iterable[pa.RecordBatch], name: PartName
    ) -> Path:
        """Write a stream of batches as one part, which appears when the last one is on disk; as write_table."""
        expected = arrow_schema(model)
        if not schema.equals(expected):
            raise LakeError(f"a part of {model.record} has schema\n{schema}\nbut the record is\n{expected}")
        path = self.root / model.record / f"date={name.day.isoformat()}" / name.file
        self._put(expected, (_without_null(model, batch) for batch in batches), path)
        return path

    def _put(self, schema: pa.Schema, batches: Iterable[pa.RecordBatch], path: Path) -> None:
        temporary = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with pq.ParquetWriter(temporary, schema, **encodings(schema)) as writer:
                for group in _row_groups(schema, batches):
                    writer.write_table(group)
            sync(temporary)
            temporary.replace(path)
            sync(path.parent)
        except OSError as error:
            raise LakeError(f"cannot write {path}: {error}. Free space or fix permissions, then run again.") from error
        finally:
            with suppress(OSError):
                temporary.unlink()


def encodings(schema: pa.Schema) -> dict[str, Any]:
    """How Parquet is encoded here, as keywords of pyarrow's writer: zstd 3, 8 MB pages, logprobs byte-split."""
    floats = {field.name for field in schema if field.type == pa.list_(pa.float32())}
    leaves = {field.name: [".".join((field.name, *rest)) for rest in _below(field.type)] for field in schema}
    return {
        "compression": "zstd",
        "compression_level": 3,
        "data_page_size": DATA_PAGE_BYTES,
        "use_dictionary": [leaf for name, names in leaves.items() if name not in floats for leaf in names],
        "use_byte_stream_split": [leaf for name in sorted(floats) for leaf in leaves[name]],
    }


def _row_groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Blocks until they reach ROW_GROUP_ROWS or ROW_GROUP_BYTES, however they were cut; one empty group for no rows."""
    held: list[pa.Table] = []
    size = 0
    written = False
    for block in _blocks(schema, batches):
        held.append(block)
        size += sum(map(_size, block.columns))
        if len(held) * BLOCK_ROWS >= ROW_GROUP_ROWS or size >= ROW_GROUP_BYTES:
            yield pa.concat_tables(held).combine_chunks()
            held, size, written = [], 0, True
    if held or not written:
        yield pa.concat_tables([schema.empty_table(), *held]).combine_chunks()


def _blocks(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The batches' rows by BLOCK_ROWS; the last block is what is left."""
    waiting = schema.empty_table()
    for batch in batches:
        waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch], schema)])
        while waiting.num_rows >= BLOCK_ROWS:
            yield waiting.slice(0, BLOCK_ROWS)
            waiting = waiting.slice(BLOCK_ROWS)
    if waiting.num_rows:
        yield waiting


def _size(column: pa.ChunkedArray) -> int:
    """Bytes of what it holds, from lengths alone: what its buffers hold would depend on how rows were cut."""
    kind = column.type
    if pa.types.is_list(kind):
        return _size(pc.list_flatten(column))
    if pa.types.is_struct(kind):
        return sum(map(_size, column.flatten()))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return int(pc.sum(pc.binary_length(column)).as_py() or 0)
    return len(column) * max(1, int(kind.bit_width) // 8)


def _without_null(model: type[Record], batch: pa.RecordBatch) -> pa.RecordBatch:
    for field in arrow_schema(model):
        if not field.nullable and batch.column(field.name).null_count:
            raise LakeError(f"{model.record}.{field.name} is null in a row, but may not be")
    return batch


def sync(path: Path) -> None:
    """Wait until a file, or a directory's names, stand on the disk; raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _below(kind: pa.DataType) -> list[tuple[str, ...]]:
    if pa.types.is_list(kind):
        return [("list", "element", *rest) for rest in _below(kind.value_type)]
    if pa.types.is_struct(kind):
        return [(kind[i].name, *rest) for i in range(kind.num_fields) for rest in _below(kind[i].type)]
    return [()]
