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

from flows.refine.dedupe.byte_windows import Hashes, Ints, TextBytes, text_bytes
from flows.refine.dedupe.recurrence import recurring

ANCHORS_VERSION = "2"
"""Raise it whenever the same text could get other hashes, or another sign of a loop."""
ANCHOR = ord("b")
WINDOW = 14
KEPT = 16
"""Shingles kept per text, about; a text with fewer keeps all."""
LARGEST = 2**64 - 1
FACTORS = tuple(np.uint64(factor) for factor in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xFF51AFD7ED558CCD))
LOW_BYTES = np.array([2 ** (8 * n) - 1 for n in range(9)], np.uint64)
"""Masks of the lowest n bytes of a 64-bit integer, for n from 0 to 8."""
SHINGLES = pa.struct([("n_anchors", pa.int32()), ("kept", pa.list_(pa.uint32())), ("recurs", pa.bool_())])
SQL_TYPE = "STRUCT(n_anchors INTEGER, kept UINTEGER[], recurs BOOLEAN)"


def add_anchor_shingles(con: duckdb.DuckDBPyConnection) -> None:
    """Add the SQL function `anchor_shingles(text)` to a connection."""
    con.create_function("anchor_shingles", _of_column, ["varchar"], SQL_TYPE, type=ARROW, null_handling=SPECIAL)


def anchor_shingles(texts: pa.Array) -> pa.StructArray:
    """Per text: `n_anchors`, the number of its shingles, `kept`, the low 32 bits of the smallest hashes, and `recurs`.

    A shingle ends before the next anchor. The smallest hashes are a sample of a text that edits change little
    (bottom-k sketch: Cohen and Kaplan 2007). `recurs` is true if the text may repeat a third of itself. The list is
    empty for null.
    """
    text = text_bytes(texts)
    starts = _starts(text)
    bounds = np.searchsorted(starts, text.ends)
    hashes = _hashes(text, starts, bounds)
    counts = np.diff(bounds)
    limits = np.uint64(LARGEST) // np.maximum(counts, KEPT).astype(np.uint64) * np.uint64(KEPT)
    small = hashes <= np.repeat(limits, counts)
    before = np.concatenate([[0], np.cumsum(small)])
    kept = (hashes[small] & np.uint64(2**32 - 1)).astype(np.uint32)
    columns = [
        pa.array(counts.astype(np.int32)),
        _lists(before[bounds], kept),
        pa.array(recurring(text, bounds, hashes)),
    ]
    return pa.StructArray.from_arrays(columns, fields=list(SHINGLES))


def _of_column(texts: Any) -> pa.StructArray:
    return anchor_shingles(texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts)


def _starts(text: TextBytes) -> Ints:
    """Positions after an anchor, and the first of each text that is not empty."""
    begins = np.zeros(len(text.bytes) + 1, bool)
    np.equal(text.bytes, ANCHOR, out=begins[1:])
    begins[text.ends[:-1]] = True
    return np.flatnonzero(begins[:-1])


def _hashes(text: TextBytes, starts: Ints, bounds: Ints) -> Hashes:
    """The hash of the window at each start; it ends with its text, or where the next window starts."""
    limits = np.repeat(text.ends[1:], np.diff(bounds))
    limits[:-1] = np.minimum(limits[:-1], starts[1:])
    lengths = np.minimum(limits - starts, WINDOW)
    first = text.words[starts] & LOW_BYTES[np.minimum(lengths, 8)]
    second = text.words[starts + 8] & LOW_BYTES[np.maximum(lengths - 8, 0)]
    mixed: Hashes = (first * FACTORS[0]) ^ ((second + lengths.astype(np.uint64)) * FACTORS[1])
    for _ in range(2):
        mixed = (mixed ^ (mixed >> np.uint64(32))) * FACTORS[2]
    mixed ^= mixed >> np.uint64(29)
    return mixed


def _lists(bounds: Ints, values: npt.NDArray[Any]) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(bounds, pa.int32()), pa.array(values))
