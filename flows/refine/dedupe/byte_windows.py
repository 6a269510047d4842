"""The bytes of a column of texts as numpy sees them: one array, where each text ends, and a 64-bit word at each place.

Functions over whole columns share it: a window of a text is one or two loads, and no string is made.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Bytes = npt.NDArray[np.uint8]
Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
PADDING = 16
"""Zeros after the last text, so that two words can be loaded at its last byte."""


class TextBytes(NamedTuple):
    """Texts in UTF-8, one after another: text n is `bytes[ends[n]:ends[n + 1]]`, and empty for null."""

    bytes: Bytes
    ends: Ints
    words: Hashes
    """The little-endian 64-bit integer at each place; beyond the last byte are zeros."""


def text_bytes(texts: pa.Array) -> TextBytes:
    """The bytes of a column of strings."""
    texts = texts.cast(pa.large_string())
    ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    stored = np.frombuffer(texts.buffers()[2] or b"", np.uint8)[ends[0] : ends[-1]]
    return _padded(stored, ends - ends[0])


def selected(text: TextBytes, rows: Ints) -> TextBytes:
    """Some of the texts, in the order of `rows`."""
    pieces = [text.bytes[text.ends[row] : text.ends[row + 1]] for row in rows.tolist()]
    ends = np.concatenate([[0], np.cumsum(text.ends[rows + 1] - text.ends[rows])])
    return _padded(np.concatenate([np.zeros(0, np.uint8), *pieces]), ends)


def _padded(stored: Bytes, ends: Ints) -> TextBytes:
    padded = np.concatenate([stored, np.zeros(PADDING, np.uint8)])
    words: Hashes = np.ndarray((len(padded) - 7,), "<u8", padded.data, strides=(1,))
    return TextBytes(padded[: len(stored)], ends, words)
