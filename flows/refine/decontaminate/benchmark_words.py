"""Finds the long texts that share words with a benchmark, so that only their words are compared and kept.

Agents write much and rarely quote a benchmark. A bitmap of the first five words of every indexed n-gram sorts out
nearly all texts; the n-grams of the others are looked up one by one.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from duckdb.func import ARROW, SPECIAL

from flows.refine.decontaminate.ngrams import HEAD, Hashes, ngrams, word_hashes

BITS = 24
"""The bitmap has a byte for each value of so many bits of a hash: 16 MB."""


class BenchmarkWords:
    """The n-grams of some benchmark indexes; shorter ones than HEAD words match whole texts only and are left out."""

    def __init__(self, indexes: Sequence[Path]) -> None:
        self._keys: Hashes = np.empty(0, np.uint64)
        self._lengths: set[int] = set()
        self._heads = np.zeros(1 << BITS, bool)
        for path in indexes:
            self._add(pq.read_table(path, columns=["key", "n", "head"]))

    def overlapping(self, texts: pa.Array) -> pa.ListArray:
        """The word hashes of each text that holds one of the n-grams; null for the others."""
        words = word_hashes(texts)
        heads = ngrams(words, [HEAD] if self._lengths else [])
        likely = heads.filter(pa.array(self._heads[_bits(heads["key"].to_numpy())]))
        rows = np.unique(likely["row"].to_numpy())
        found = ngrams(words.take(pa.array(rows)), self._lengths)
        held = np.isin(found["key"].to_numpy(), self._keys)
        holding = np.zeros(len(words), bool)
        holding[rows[np.unique(found["row"].to_numpy()[held])]] = True
        return pc.if_else(pa.array(holding), words, pa.scalar(None, words.type))

    def _add(self, index: pa.Table) -> None:
        index = index.filter(pc.greater_equal(index["n"], HEAD))
        self._lengths |= set(pc.unique(index["n"]).to_pylist())
        self._keys = np.union1d(self._keys, index["key"].to_numpy())
        self._heads[_bits(index["head"].to_numpy())] = True


def add_benchmark_words(con: duckdb.DuckDBPyConnection, indexes: Sequence[Path]) -> None:
    """Add the SQL function `benchmark_words(text)`, which compares texts with these indexes, to a connection."""
    benchmark_words = BenchmarkWords(indexes)

    def overlapping(texts: Any) -> pa.Array:
        column = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        return benchmark_words.overlapping(column)

    con.create_function("benchmark_words", overlapping, ["varchar"], "ubigint[]", type=ARROW, null_handling=SPECIAL)


def _bits(hashes: Hashes) -> Any:
    return hashes >> np.uint64(64 - BITS)
