"""Partitions the released rows into bucket files in one pass over the lake, then reads them back bucket by bucket.

The database never sorts or groups long text: rows are appended to bucket files as they are read, and each bucket is
sorted in memory. Memory stays at a few buckets, whatever the size of the release.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.publish.build.split import Selection
from flows.publish.errors import PublishError
from schemas import Turn
from warehouse.connect import query
from warehouse.lake import Lake
from warehouse.part_faults import open_part

TURN_COLUMNS = [
    "trajectory_id", "index", "segment", "role", "content", "reasoning", "tool_calls", "tool", "observation",
    "tool_call_id", "n_tokens", "token_ids", "sampled", "logprobs",
]  # fmt: skip
NEWER_COLUMNS = {"weight": pa.float64(), "copy_of": pa.int64()}
"""Columns of turns that parts of older versions lack, and their types."""
TURNS, SCALARS = "turns", "scalars"
CHUNK_BYTES = 32 * 1024 * 1024
TURN_BATCH_ROWS = 128
SCALAR_BATCH_ROWS = 1024
FAST_COMPRESSION = pa.ipc.IpcWriteOptions(compression="lz4")


def scatter(con: duckdb.DuckDBPyConnection, lake: Lake, selection: Selection, folder: Path) -> None:
    """Append the turns and the scalar columns of every selected trajectory to its bucket's files under `folder`."""
    for kind in (TURNS, SCALARS):
        (folder / kind).mkdir()
    _scatter_turns(lake, selection, folder / TURNS)
    for batch in con.sql(query("publish", "scalars")).to_arrow_reader(SCALAR_BATCH_ROWS):
        rows = pa.Table.from_batches([batch])
        _append(rows.drop_columns("bucket"), rows["bucket"], folder / SCALARS)


def read_bucket(folder: Path, bucket: str, order: list[str]) -> pa.Table:
    """The rows of one bucket, sorted by the columns in `order`; raises PublishError if it has none."""
    if not (folder / bucket).exists():
        raise PublishError(
            f"no {folder.name} in the lake for kept trajectories of bucket {bucket}; nothing was published."
        )
    with pa.OSFile(str(folder / bucket)) as source:
        rows = pa.Table.from_batches([batch for stream in _streams(source) for batch in stream])
    return rows.take(pc.sort_indices(rows, [(column, "ascending") for column in order])).combine_chunks()


def prefetch(tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The same tables; another thread makes the next one while the caller uses the current one."""
    with ThreadPoolExecutor(1) as thread:
        following = thread.submit(next, tables, None)
        while (table := following.result()) is not None:
            following = thread.submit(next, tables, None)
            yield table


def _scatter_turns(lake: Lake, selection: Selection, folder: Path) -> None:
    ids, buckets = selection.rows["trajectory_id"].combine_chunks(), selection.rows["bucket"]
    for chunk in prefetch(_chunks(_turn_batches(lake))):
        turns = chunk.append_column("position", pc.index_in(chunk["trajectory_id"], value_set=ids).cast(pa.int64()))
        turns = turns.filter(pc.is_valid(turns["position"]))
        _append(turns, pc.take(buckets, turns["position"]), folder)


def _turn_batches(lake: Lake) -> Iterator[pa.RecordBatch]:
    for path in lake.parts(Turn):
        with open_part(path) as part:
            for batch in part.iter_batches(TURN_BATCH_ROWS, columns=[*TURN_COLUMNS, *NEWER_COLUMNS]):
                yield _completed(batch)


def _completed(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with every newer column, in order; null where its part is older."""
    for name, kind in NEWER_COLUMNS.items():
        values = batch.column(name) if name in batch.schema.names else pa.nulls(len(batch), kind)
        batch = batch.drop_columns([name]) if name in batch.schema.names else batch
        batch = batch.append_column(name, values)
    return batch


def _chunks(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    held_bytes = 0
    for batch in batches:
        held.append(batch)
        held_bytes += batch.nbytes
        if held_bytes >= CHUNK_BYTES:
            yield pa.Table.from_batches(held)
            held, held_bytes = [], 0
    if held:
        yield pa.Table.from_batches(held)


def _append(rows: pa.Table, buckets: pa.ChunkedArray, folder: Path) -> None:
    if not rows.num_rows:
        return
    codes = buckets.combine_chunks().dictionary_encode()
    order = np.argsort(codes.indices.to_numpy(), kind="stable")
    counts = np.bincount(codes.indices.to_numpy(), minlength=len(codes.dictionary))
    ordered = rows.take(pa.array(order))
    start = 0
    for name, count in zip(codes.dictionary.to_pylist(), counts.tolist(), strict=True):
        with (
            (folder / name).open("ab") as sink,
            pa.ipc.new_stream(sink, rows.schema, options=FAST_COMPRESSION) as stream,
        ):
            stream.write_table(ordered.slice(start, count))
        start += count


def _streams(source: pa.NativeFile) -> Iterator[pa.RecordBatchStreamReader]:
    while source.tell() < source.size():
        yield pa.ipc.open_stream(source)
