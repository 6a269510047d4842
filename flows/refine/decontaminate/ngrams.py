"""Folds text into words and hashes their n-grams, in the same way for benchmarks and for trajectories.

Folding normalises Unicode (NFKC), case and space. A word is a run of letters, marks and digits; each Han or Kana
character is a word of its own. An n-gram has one 64-bit hash that does not depend on its position (a polynomial over
the words' hashes, after Karp and Rabin 1987), so a handful of numpy operations hashes all n-grams of a column.
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
"""Raise it whenever the same text could get other words or hashes."""
BASE = 0x9E3779B97F4A7C15
INVERSE = pow(BASE, -1, 2**64)
HEAD = 5
"""Words whose n-gram is the head of a longer one."""
NGRAMS = pa.schema(
    [("row", pa.int64()), ("start", pa.int32()), ("n", pa.int32()), ("key", pa.uint64()), ("head", pa.uint64())]
)


def folded_words(texts: pa.Array) -> pa.ListArray:
    """The folded words of each text, one list per text; null for null."""
    texts = pc.utf8_normalize(texts.cast(pa.large_string()), form="NFKC")
    texts = pc.utf8_lower(pc.utf8_upper(texts))
    if pc.any(pc.not_equal(pc.binary_length(texts), pc.utf8_length(texts))).as_py():
        texts = pc.replace_substring_regex(texts, r"[\p{Han}\p{Hiragana}\p{Katakana}]", r" \0 ")
    texts = pc.replace_substring_regex(texts, r"[^\p{L}\p{N}\p{M}]+", " ")
    return _without_empty(pc.split_pattern(pc.utf8_trim(texts, " "), " "))


def word_hashes(texts: pa.Array) -> pa.ListArray:
    """The 64-bit hash of each folded word, one list per text; an empty list for null."""
    words = folded_words(texts)
    coded = words.flatten().dictionary_encode()
    known = np.fromiter((_hash(word) for word in coded.dictionary.to_pylist()), np.uint64, len(coded.dictionary))
    values = pa.array(known[coded.indices.to_numpy()])
    offsets = np.concatenate([[0], np.cumsum(pc.fill_null(pc.list_value_length(words), 0).to_numpy())])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def ngrams(words: pa.ListArray, lengths: Iterable[int]) -> pa.Table:
    """Every n-gram of each row for each n of `lengths`, as a table (row, start, n, key, head); `start` counts words.

    `head` is the key of the first HEAD words, or of all if there are fewer.
    """
    flat, sizes = _flat(words)
    row, ends = np.repeat(np.arange(len(sizes)), sizes), np.repeat(np.cumsum(sizes), sizes)
    start = np.arange(len(flat)) - ends + np.repeat(sizes, sizes)
    key = _keys(flat)
    made = [NGRAMS.empty_table()]
    for n in sorted(set(lengths)):
        first = np.flatnonzero(np.arange(len(flat)) + n <= ends)
        long, short = np.full(len(first), n), np.full(len(first), min(n, HEAD))
        columns = row[first], start[first], long, key(first, long), key(first, short)
        made.append(pa.table([pa.array(column) for column in columns], names=NGRAMS.names).cast(NGRAMS))
    return pa.concat_tables(made)


def whole_text_keys(words: pa.ListArray) -> Hashes:
    """The key of each row as one n-gram of all its words."""
    flat, sizes = _flat(words)
    return _keys(flat)(np.cumsum(sizes) - sizes, sizes)


def _flat(words: pa.ListArray) -> tuple[Hashes, Ints]:
    """The words of all rows in one array, and the number of words per row."""
    sizes = words.value_lengths().fill_null(0).to_numpy(zero_copy_only=False).astype(np.int64)
    return words.flatten().to_numpy(zero_copy_only=False).astype(np.uint64), sizes


def _keys(flat: Hashes) -> Callable[[Ints, Ints], Hashes]:
    """A function (first, n) -> key of the n words from position `first`."""
    inverses = _powers(INVERSE, len(flat) + 1)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(flat * _powers(BASE, len(flat)), dtype=np.uint64)])
    return lambda first, n: (sums[first + n] - sums[first]) * inverses[first] + n.astype(np.uint64)


def _powers(base: int, count: int) -> Hashes:
    factors = np.full(count, base, np.uint64)
    factors[:1] = 1
    return np.cumprod(factors, dtype=np.uint64)


def _without_empty(words: pa.ListArray) -> pa.ListArray:
    """Replace the one empty word, which splitting gives for a text without words, by an empty list."""
    none = pc.equal(pc.list_element(words, 0), "")
    return pc.if_else(pc.fill_null(none, False), pa.scalar([], words.type), words)


def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
