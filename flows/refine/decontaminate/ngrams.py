"""Text as folded words and their hashes, the same for benchmarks and for what agents wrote.

Folding is NFKC, case and space: words are runs of letters, marks and digits, and each Han or Kana character
is a word. A window of n words has one 64-bit hash that does not depend on where it stands (a polynomial over the
words' hashes, as Rabin and Karp's), so all windows of a column are made by a handful of numpy operations.
"""

import hashlib
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Hashes = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
WORDS_VERSION = "1"
"""Changes when the same text could get other words or hashes."""
BASE = 0x9E3779B97F4A7C15
INVERSE = pow(BASE, -1, 2**64)
WINDOWS = pa.schema([("row", pa.int64()), ("start", pa.int32()), ("n", pa.int32()), ("key", pa.uint64())])


def folded(texts: pa.Array) -> pa.ListArray:
    """The words of each text, folded; null for null."""
    texts = pc.utf8_normalize(texts.cast(pa.large_string()), form="NFKC")
    texts = pc.utf8_lower(pc.utf8_upper(texts))
    if pc.any(pc.not_equal(pc.binary_length(texts), pc.utf8_length(texts))).as_py():
        texts = pc.replace_substring_regex(texts, r"[\p{Han}\p{Hiragana}\p{Katakana}]", r" \0 ")
    texts = pc.replace_substring_regex(texts, r"[^\p{L}\p{N}\p{M}]+", " ")
    return _without_empty(pc.split_pattern(pc.utf8_trim(texts, " "), " "))


def word_hashes(texts: pa.Array) -> pa.ListArray:
    """The 64-bit hash of each word of each text; none for null."""
    words = folded(texts)
    coded = words.flatten().dictionary_encode()
    known = np.fromiter((_hash(word) for word in coded.dictionary.to_pylist()), np.uint64, len(coded.dictionary))
    values = pa.array(known[coded.indices.to_numpy()])
    offsets = np.concatenate([[0], np.cumsum(pc.fill_null(pc.list_value_length(words), 0).to_numpy())])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def windows(words: pa.ListArray, lengths: Iterable[int]) -> pa.Table:
    """Every run of n words on end in each row, for each n of `lengths`: (row, start, n, key)."""
    flat, sizes = _flat(words)
    row, ends = np.repeat(np.arange(len(sizes)), sizes), np.repeat(np.cumsum(sizes), sizes)
    start = np.arange(len(flat)) - ends + np.repeat(sizes, sizes)
    key = _keys(flat)
    made = [WINDOWS.empty_table()]
    for n in sorted(set(lengths)):
        first = np.flatnonzero(np.arange(len(flat)) + n <= ends)
        columns = row[first], start[first], np.full(len(first), n), key(first, np.full(len(first), n))
        made.append(pa.table([pa.array(column) for column in columns], names=WINDOWS.names).cast(WINDOWS))
    return pa.concat_tables(made)


def wholes(words: pa.ListArray) -> Hashes:
    """The key of each row as one run of words from end to end."""
    flat, sizes = _flat(words)
    return _keys(flat)(np.cumsum(sizes) - sizes, sizes)


def _flat(words: pa.ListArray) -> tuple[Hashes, Ints]:
    """The words of all rows, and how many each row has."""
    sizes = words.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return words.flatten().to_numpy(zero_copy_only=False).astype(np.uint64), sizes


def _keys(flat: Hashes) -> Callable[[Ints, Ints], Hashes]:
    """What says the key of the n words that stand from a place on."""
    inverses = _powers(INVERSE, len(flat) + 1)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(flat * _powers(BASE, len(flat)), dtype=np.uint64)])
    return lambda first, n: (sums[first + n] - sums[first]) * inverses[first] + n.astype(np.uint64)


def _powers(base: int, count: int) -> Hashes:
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors, dtype=np.uint64)


def _without_empty(words: pa.ListArray) -> pa.ListArray:
    """A text without words is split into one empty word: it has none."""
    none = pc.equal(pc.list_element(words, 0), "")
    return pc.if_else(pc.fill_null(none, False), pa.scalar([], words.type), words)


def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
