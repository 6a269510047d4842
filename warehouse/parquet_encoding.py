"""How the lake and releases encode Parquet: compression, page size and row groups.

Row groups bound the memory of a writer and of every reader. They are cut by rows and bytes alone, whatever batches
the rows arrive in, so that the same rows make the same file.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

BLOCK_ROWS = 128
ROW_GROUP_ROWS = 16 * BLOCK_ROWS
"""Rows of a full row group. With 128 rows per group, turns take nearly twice the disk space and time to read."""
ROW_GROUP_BYTES = 16 * 1024 * 1024
"""Bytes of text and tokens that close a row group early. A writer holds a few such groups in memory."""
DATA_PAGE_BYTES = 8 * 1024 * 1024
"""Bytes per data page. Token ids (int32) take 0.98 bytes each, and 1.19 in pages of Parquet's default size."""


def encodings(schema: pa.Schema) -> dict[str, Any]:
    """Return the keywords for pyarrow's ParquetWriter: zstd level 3, large pages, byte-split log-probabilities."""
    floats = {field.name for field in schema if field.type == pa.list_(pa.float32())}
    leaves = {field.name: [".".join((field.name, *rest)) for rest in _leaf_paths(field.type)] for field in schema}
    return {
        "compression": "zstd",
        "compression_level": 3,
        "data_page_size": DATA_PAGE_BYTES,
        "use_dictionary": [leaf for name, names in leaves.items() if name not in floats for leaf in names],
        "use_byte_stream_split": [leaf for name in sorted(floats) for leaf in leaves[name]],
    }


def row_groups(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Regroup a stream of batches into row groups of up to ROW_GROUP_ROWS rows or about ROW_GROUP_BYTES bytes.

    The cuts depend on the rows only, not on the batches. Without rows there is one empty group.
    """
    group: list[pa.Table] = []
    size = 0
    written = False
    for block in _blocks(schema, batches):
        group.append(block)
        size += sum(map(_content_bytes, block.columns))
        if len(group) * BLOCK_ROWS >= ROW_GROUP_ROWS or size >= ROW_GROUP_BYTES:
            yield pa.concat_tables(group).combine_chunks()
            group, size, written = [], 0, True
    if group or not written:
        yield pa.concat_tables([schema.empty_table(), *group]).combine_chunks()


def _blocks(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """The batches' rows in blocks of BLOCK_ROWS; the last block may be shorter."""
    waiting = schema.empty_table()
    for batch in batches:
        waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch], schema)])
        while waiting.num_rows >= BLOCK_ROWS:
            yield waiting.slice(0, BLOCK_ROWS)
            waiting = waiting.slice(BLOCK_ROWS)
    if waiting.num_rows:
        yield waiting


def _content_bytes(column: pa.ChunkedArray) -> int:
    """Bytes of a column's values, computed from lengths: the size of its buffers depends on how rows were sliced."""
    kind = column.type
    if pa.types.is_list(kind):
        return _content_bytes(pc.list_flatten(column))
    if pa.types.is_struct(kind):
        return sum(map(_content_bytes, column.flatten()))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return int(pc.sum(pc.binary_length(column)).as_py() or 0)
    return len(column) * max(1, int(kind.bit_width) // 8)


def _leaf_paths(kind: pa.DataType) -> list[tuple[str, ...]]:
    """Parquet's paths to the leaf columns of a type, without the column's own name."""
    if pa.types.is_list(kind):
        return [("list", "element", *rest) for rest in _leaf_paths(kind.value_type)]
    if pa.types.is_struct(kind):
        return [(kind[i].name, *rest) for i in range(kind.num_fields) for rest in _leaf_paths(kind[i].type)]
    return [()]
