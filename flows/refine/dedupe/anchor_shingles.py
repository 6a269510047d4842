"""Hashes the anchored shingles of long texts: the 14 bytes after each letter b, and at the start.

DuckDB needs a list of strings per text for this, and a function call per string: numpy finds the letters of a whole
column at once and loads each window as two integers.
"""

from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb.func import ARROW, SPECIAL

ANCHORS_VERSION = "1"
"""Raise it whenever the same text could get other hashes."""
ANCHOR = ord("b")
WINDOW = 14
KEPT = 16
"""Shingles kept per text, about; a text with fewer keeps all."""
LARGEST = 2**64 - 1
FACTORS = tuple(np.uint64(factor) for factor in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD))
LOW_BYTES = np.array([2 ** (8 * n) - 1 for n in range(9)], np.uint64)
"""Masks of the lowest n bytes of a 64-bit integer, for n from 0 to 8."""
SHINGLES = pa.struct([("anchors", pa.list_(pa.uint64())), ("kept", pa.list_(pa.uint32()))])
SQL_TYPE = "STRUCT(anchors UBIGINT[], kept UINTEGER[])"

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]


def add_anchor_shingles(con: duckdb.DuckDBPyConnection) -> None:
    """Add the SQL function `anchor_shingles(text)` to a connection."""
    con.create_function("anchor_shingles", _of_column, ["varchar"], SQL_TYPE, type=ARROW, null_handling=SPECIAL)


def anchor_shingles(texts: pa.Array) -> pa.StructArray:
    """Per text: `anchors`, 64-bit hashes of its shingles in order, and `kept`, the low 32 bits of the smallest ones.

    A shingle ends before the next anchor. The smallest hashes are a sample of a text that edits change little
    (bottom-k sketch: Cohen and Kaplan 2007). Both lists are empty for null.
    """
    texts = texts.cast(pa.large_string())
    ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    bytes_of = np.frombuffer(texts.buffers()[2] or b"", np.uint8)[ends[0] : ends[-1]]
    ends = ends - ends[0]
    starts = _starts(bytes_of, ends)
    bounds = np.searchsorted(starts, ends)
    hashes = _hashes(bytes_of, starts, ends[1:], bounds)
    counts = np.diff(bounds)
    limits = np.uint64(LARGEST) // np.maximum(counts, KEPT).astype(np.uint64) * np.uint64(KEPT)
    small = hashes <= np.repeat(limits, counts)
    before = np.concatenate([[0], np.cumsum(small)])
    kept = (hashes[small] & np.uint64(2**32 - 1)).astype(np.uint32)
    return pa.StructArray.from_arrays([_lists(bounds, hashes), _lists(before[bounds], kept)], fields=list(SHINGLES))


def _of_column(texts: Any) -> pa.StructArray:
    return anchor_shingles(texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts)


def _starts(bytes_of: npt.NDArray[np.uint8], ends: Ints) -> Ints:
    """Positions after an anchor, and the first of each text that is not empty."""
    begins = np.zeros(len(bytes_of) + 1, bool)
    np.equal(bytes_of, ANCHOR, out=begins[1:])
    begins[ends[:-1]] = True
    return np.flatnonzero(begins[:-1])


def _hashes(bytes_of: npt.NDArray[np.uint8], starts: Ints, ends: Ints, bounds: Ints) -> Hashes:
    """The hash of the window at each start; it ends with its text, or where the next window starts."""
    limits = np.repeat(ends, np.diff(bounds))
    limits[:-1] = np.minimum(limits[:-1], starts[1:])
    lengths = np.minimum(limits - starts, WINDOW)
    words = _unaligned(bytes_of)
    first = words[starts] & LOW_BYTES[np.minimum(lengths, 8)]
    second = words[starts + 8] & LOW_BYTES[np.maximum(lengths - 8, 0)]
    mixed: Hashes = (first * FACTORS[0]) ^ ((second + lengths.astype(np.uint64)) * FACTORS[1])
    for _ in range(2):
        mixed = (mixed ^ (mixed >> np.uint64(32))) * FACTORS[2]
    mixed ^= mixed >> np.uint64(29)
    return mixed


def _unaligned(bytes_of: npt.NDArray[np.uint8]) -> Hashes:
    """The little-endian 64-bit integer at each position; beyond the last byte are zeros."""
    padded = np.concatenate([bytes_of, np.zeros(16, np.uint8)])
    view: Hashes = np.ndarray((len(padded) - 7,), "<u8", padded.data, strides=(1,))
    return view


def _lists(bounds: Ints, values: npt.NDArray[Any]) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), pa.array(values))
