"""Write released rows as Parquet shards: row groups cut by bytes, shards closed by file size.

Rows come in released order and are cut only by what they hold, never by how they were gathered, so that
the same rows are the same bytes on any machine and with any number of threads.
"""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.publish.gather import SCALARS, TURNS, ahead, bucket_rows
from flows.publish.rows import fold, row_bytes
from flows.publish.split import Selection
from flows.publish.student import Students, label
from flows.settings import Publish
from schemas import Shard
from warehouse.lake import encodings
from warehouse.progress import Report

MEGABYTE = 1024 * 1024
MOST_ROWS_A_GROUP = 200


def write_shards(
    selection: Selection, settings: Publish, folder: Path, report: Report, student: Students | None = None
) -> list[Shard]:
    """Write the buckets scattered under `folder` as shards to `<folder>/release/data`.

    Raises PublishError on a trajectory that is not whole in the lake, StudentError on one the student cannot read.
    """
    data = folder / "release" / "data"
    data.mkdir(parents=True)
    shards: list[Shard] = []
    done = 0
    for split in pc.unique(selection.rows["split"]).to_pylist():
        files = ShardFiles(data, split, settings)
        for rows in ahead(_rows_of(selection, split, folder)):
            files.add(label(student.fill(rows) if student else rows, settings.window))
            done += rows.num_rows
            report(done, selection.rows.num_rows, "writing shards")
        shards.extend(files.close())
    return shards


class ShardFiles:
    """The open shard of one split and those already closed."""

    def __init__(self, data: Path, split: str, settings: Publish) -> None:
        self._data, self._split = data, split
        self._group_bytes = settings.row_group_mb * MEGABYTE
        self._shard_bytes = settings.shard_mb * MEGABYTE
        self._held: list[pa.Table] = []
        self._held_rows = self._held_bytes = 0
        self._sink: pa.NativeFile | None = None
        self._writer: pq.ParquetWriter | None = None
        self._counts: list[tuple[int, int]] = []
        """(rows, tokens) of each shard begun."""

    def add(self, rows: pa.Table) -> None:
        """Take rows in; whole row groups go to the file at once."""
        start = 0
        for number, size in enumerate(row_bytes(rows).tolist(), start=1):
            self._held_bytes += size
            self._held_rows += 1
            if self._held_bytes >= self._group_bytes or self._held_rows >= MOST_ROWS_A_GROUP:
                self._held.append(rows.slice(start, number - start))
                self._flush()
                start = number
        if start < rows.num_rows:
            self._held.append(rows.slice(start))

    def close(self) -> list[Shard]:
        """Write what is held, and give every file its final name, which says how many there are."""
        self._flush()
        self._close_shard()
        return [self._named(number) for number in range(len(self._counts))]

    def _flush(self) -> None:
        if not self._held:
            return
        group = pa.concat_tables(self._held).combine_chunks()
        self._held, self._held_rows, self._held_bytes = [], 0, 0
        if self._writer is None:
            self._sink = pa.OSFile(str(self._unnamed(len(self._counts))), "wb")
            self._writer = pq.ParquetWriter(self._sink, group.schema, **encodings(group.schema))
            self._counts.append((0, 0))
        self._writer.write_table(group, row_group_size=group.num_rows)
        rows, tokens = self._counts[-1]
        self._counts[-1] = (rows + group.num_rows, tokens + pc.sum(group["n_tokens"]).as_py())
        if self._sink is not None and self._sink.tell() >= self._shard_bytes:
            self._close_shard()

    def _close_shard(self) -> None:
        if self._writer is not None and self._sink is not None:
            self._writer.close()
            self._sink.close()
            self._writer = self._sink = None

    def _unnamed(self, number: int) -> Path:
        return self._data / f"{self._split}-{number:05d}.tmp"

    def _named(self, number: int) -> Shard:
        path = self._data / f"{self._split}-{number:05d}-of-{len(self._counts):05d}.parquet"
        self._unnamed(number).rename(path)
        rows, tokens = self._counts[number]
        return Shard(
            path=f"data/{path.name}",
            split=self._split,
            sha256=file_sha256(path),
            size=path.stat().st_size,
            rows=rows,
            tokens=tokens,
        )


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _rows_of(selection: Selection, split: str, folder: Path) -> Iterator[pa.Table]:
    chosen = selection.rows.filter(pc.equal(selection.rows["split"], split))
    for bucket in pc.unique(chosen["bucket"]).to_pylist():
        turns = bucket_rows(folder / TURNS, bucket, ["position", "index"])
        yield fold(turns, bucket_rows(folder / SCALARS, bucket, ["position"]))
        for kind in (TURNS, SCALARS):
            (folder / kind / bucket).unlink()
