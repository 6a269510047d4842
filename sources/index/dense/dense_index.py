"""The dense index of one library: the passages nearest to a query's vector, each by its address in the inverted index.

The search is exact: it scans all vectors in blocks of a memory-mapped file.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sources.index.dense.embedder import Embedder, EmbedderChoice
from sources.index.dense.quantised import Quantised, quantised, similarities
from sources.index.results import NotFound

CODES, SCALES, ADDRESSES, KEYS = "codes.npy", "scales.npy", "addresses.npy", "keys.npy"
"""Files of an index, each with a place for every passage: its code, its scale, its segment and document in the inverted
index, and the hash of its text."""
BLOCK = 32_768
QUERIES = 512
"""Vectors of queries that are kept: composers and agents repeat theirs."""


class DenseIndex:
    """An open dense index, safe to share between threads."""

    def __init__(self, path: Path, embedder: Embedder) -> None:
        if not (path / CODES).exists():
            raise NotFound(f"no dense index at {path}: build it first")
        self._codes = np.load(path / CODES, mmap_mode="r")
        self._scales = np.load(path / SCALES)
        self._addresses = np.load(path / ADDRESSES)
        self._embedded = lru_cache(QUERIES)(lambda text: quantised(embedder.query(text)))

    @classmethod
    def open(cls, path: Path, choice: EmbedderChoice) -> "DenseIndex":
        """Open the index at `path`. Raises NotFound if there is none, EmbedderError without the embedder's package."""
        return cls(path, choice.open())

    @property
    def n_passages(self) -> int:
        """Number of passages in the index."""
        return len(self._scales)

    def nearest(self, text: str, n: int) -> list[tuple[float, tuple[int, int]]]:
        """(cosine, (segment, document)) of the n nearest passages, the nearest first. Raises EmbedderError."""
        if not self.n_passages:
            return []
        query = self._embedded(text)
        rows, scores = _best(np.arange(0), np.zeros(0), n)
        for start in range(0, self.n_passages, BLOCK):
            found = self._block(query, start)
            rows, scores = _best(
                np.concatenate([rows, np.arange(start, start + len(found))]), np.concatenate([scores, found]), n
            )
        return [
            (float(score), (int(self._addresses[row, 0]), int(self._addresses[row, 1])))
            for row, score in zip(rows, scores, strict=True)
        ]

    def _block(self, query: Quantised, start: int) -> npt.NDArray[np.float64]:
        end = start + BLOCK
        return similarities(query, self._codes[start:end], self._scales[start:end])


def _best(rows: npt.NDArray[Any], scores: npt.NDArray[Any], n: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The n best of the rows, in order; of equal ones the earlier first."""
    if len(scores) > n:
        least = np.partition(scores, len(scores) - n)[len(scores) - n]
        kept = scores >= least
        rows, scores = rows[kept], scores[kept]
    order = np.lexsort((rows, -scores))[:n]
    return rows[order], scores[order]
