"""Writes released rows as Parquet shards: row groups end by bytes, shards by file size.

Row groups and shards depend on the rows and their order only, so that the same rows give the same bytes on any
machine with any number of threads. A footer names its release, and a release is named after its data, so footers
are written last (seal).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BufferedWriter, FileIO
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.publish.build.parquet_metadata import with_pandas_types
from flows.publish.build.released import buckets_of, opened_rows
from flows.publish.build.rows import row_bytes
from flows.publish.build.split import Selection
from flows.publish.build.student import StudentColumns
from flows.settings import Publish, Settings
from schemas import Shard
from warehouse.console.progress import ProgressCallback
from warehouse.parquet_encoding import encodings

MEGABYTE = 1024 * 1024
MAX_ROW_GROUP_ROWS = 200


class HashedFile(BufferedWriter):
    """A new file that computes the SHA-256 of its bytes as they are written."""

    def __init__(self, path: Path) -> None:
        super().__init__(FileIO(path, "w"))
        self.path = path
        self.digest = hashlib.sha256()

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return super().write(data)


@dataclass
class OpenShard:
    """A shard without its footer."""

    file: HashedFile
    writer: pq.ParquetWriter
    rows: int = 0
    tokens: int = 0
    data_sha256: str = ""
    """SHA-256 of the bytes before the footer; empty while rows are still added."""

    def add(self, group: pa.Table) -> None:
        """Write rows as one row group."""
        self.writer.write_table(group, row_group_size=group.num_rows)
        self.rows += group.num_rows
        self.tokens += pc.sum(group["n_tokens"]).as_py()

    def seal(self, path: Path, split: str, footer: Mapping[str, str]) -> Shard:
        """Write the footer with this key-value metadata, and rename the file to `path`."""
        self.writer.add_key_value_metadata(footer)
        self.writer.close()
        self.file.close()
        self.file.path.rename(path)
        return Shard(
            path=f"{path.parent.name}/{path.name}",
            split=split,
            sha256=self.file.digest.hexdigest(),
            data_sha256=self.data_sha256,
            size=path.stat().st_size,
            rows=self.rows,
            tokens=self.tokens,
        )


class ShardFiles:
    """The shards of one split; rows go to the last one until it is large enough."""

    def __init__(self, data: Path, split: str, settings: Publish) -> None:
        self._data, self._split = data, split
        self._group_bytes = settings.row_group_mb * MEGABYTE
        self._shard_bytes = settings.shard_mb * MEGABYTE
        self._held: list[pa.Table] = []
        self._held_rows = self._held_bytes = 0
        self.shards: list[OpenShard] = []
        self.row_counts: list[int] = []
        """Number of rows of each trajectory, in order; its rows are added together."""

    def add(self, rows: pa.Table) -> None:
        """Add rows; each full row group is written at once."""
        self.row_counts += _run_lengths(rows["trajectory_id"])
        start = 0
        for number, size in enumerate(row_bytes(rows).tolist(), start=1):
            self._held_bytes += size
            self._held_rows += 1
            if self._held_bytes >= self._group_bytes or self._held_rows >= MAX_ROW_GROUP_ROWS:
                self._held.append(rows.slice(start, number - start))
                self._flush()
                start = number
        if start < rows.num_rows:
            self._held.append(rows.slice(start))

    def end(self) -> None:
        """Write the remaining rows and close the last shard for rows."""
        self._flush()
        self._full()

    def seal(self, footer: Mapping[str, str]) -> list[Shard]:
        """Write every footer, and give every file its final name, with its number and their count."""
        names = [f"{self._split}-{n:05d}-of-{len(self.shards):05d}.parquet" for n in range(len(self.shards))]
        return [
            shard.seal(self._data / name, self._split, footer) for shard, name in zip(self.shards, names, strict=True)
        ]

    def _flush(self) -> None:
        if not self._held:
            return
        group = pa.concat_tables(self._held).combine_chunks()
        self._held, self._held_rows, self._held_bytes = [], 0, 0
        if not self.shards or self.shards[-1].data_sha256:
            self.shards.append(self._opened(group.schema))
        self.shards[-1].add(group)
        if self.shards[-1].file.tell() >= self._shard_bytes:
            self._full()

    def _full(self) -> None:
        if self.shards:
            self.shards[-1].data_sha256 = self.shards[-1].file.digest.hexdigest()

    def _opened(self, schema: pa.Schema) -> OpenShard:
        file = HashedFile(self._data / f"{self._split}-{len(self.shards):05d}.tmp")
        sink = pa.PythonFile(file, mode="w")
        return OpenShard(file, pq.ParquetWriter(sink, with_pandas_types(schema), **encodings(schema)))


def write_shards(
    selection: Selection,
    settings: Settings,
    folder: Path,
    report: ProgressCallback,
    student: StudentColumns | None = None,
) -> list[ShardFiles]:
    """Write the buckets under `folder` as shards to `<folder>/release/data`; returns the unsealed files of each split.

    Raises PublishError on a trajectory with missing turns, StudentError if the student's renderer writes none right.
    """
    data = folder / "release" / "data"
    data.mkdir(parents=True)
    buckets = {split: buckets_of(selection, split, folder) for split in pc.unique(selection.rows["split"]).to_pylist()}
    written: list[ShardFiles] = []
    done = 0
    with opened_rows(settings, student, list(chain.from_iterable(buckets.values()))) as rows_of:
        for split, own in buckets.items():
            written.append(ShardFiles(data, split, settings.publish))
            for rows in rows_of(own):
                done += pc.count_distinct(rows["trajectory_id"]).as_py()
                written[-1].add(rows)
                report(done, selection.rows.num_rows, "writing shards")
            written[-1].end()
    if student:
        student.check()
    return written


def data_hashes(written: Iterable[ShardFiles]) -> list[str]:
    """The data_sha256 of each shard, in order; the release's id is made from them."""
    return [shard.data_sha256 for files in written for shard in files.shards]


def _run_lengths(values: pa.ChunkedArray) -> list[int]:
    ends = pc.run_end_encode(values.combine_chunks()).run_ends.to_numpy()
    lengths: list[int] = np.diff(ends, prepend=0).tolist()
    return lengths
