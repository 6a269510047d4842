"""Finds the few long texts that may repeat a third of themselves, before SQL measures how much they repeat.

To cut each text into sentences and to count them takes fifty times longer than to read it. A text without a sign of
repetition is not looked at again: equal windows of eight bytes are compared, for a whole column at once.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from flows.refine.dedupe.byte_windows import Hashes, Ints, TextBytes, selected

FEW_ANCHORS = 150
"""Bytes per anchor beyond which anchors are too few to show a loop."""
LONG = 700
"""Bytes of texts whose end is that of what the agent wrote; the calls follow in shorter ones."""
PARTS = (3.0, 1.5, 1.0)
"""A loop that fills a third of a text covers one of the places at a third, two thirds and the end."""
PROBE_START, PROBE_END, PROBED = 29, 1, 4
"""The compared bytes before such a place, and their occurrences that show a loop."""
TIMES = 3
"""Equal sentences that count as repeated."""
SPACE, SPACES, WORD, FIRST_BEYOND_ASCII = 32, 4, 8, 128
ENDS_CLAUSE, ENDS_SENTENCE = (np.isin(np.arange(256), list(ends)) for ends in (b".!?,;\n", b".!?,;\n`"))
"""True for each byte that ends a sentence, a clause or a line, and for those that may: code begins at a backtick."""
MIX = np.uint64(0x9E3779B97F4A7C15)
ROW_SHIFT, HASH_SHIFT = np.uint64(44), np.uint64(20)

Flags = npt.NDArray[np.bool_]


def recurring(text: TextBytes, bounds: Ints, hashes: Hashes) -> Flags:
    """True for each text that may repeat a third of itself; `hashes` of its shingles stand between its `bounds`.

    Of a text with many shingles, three in ten occur again, or one at a quarter of its positions occurred before. Texts
    with few are compared byte by byte, if they are in ASCII; others count as recurring.
    """
    counts, lengths = np.diff(bounds), np.diff(text.ends)
    few = counts * FEW_ANCHORS < lengths
    found = ~few & (_distinct(bounds, hashes) * 10 < counts * 7)
    found |= ~few & _recurs_at_quarters(bounds, hashes)
    found |= few & (lengths <= LONG)
    rows = np.flatnonzero(few & (lengths > LONG))
    found[rows] = _repeats(selected(text, rows))
    return found


def _distinct(bounds: Ints, hashes: Hashes) -> Ints:
    """The number of distinct hashes of each text."""
    keys = np.sort(_of_row(np.repeat(np.arange(len(bounds) - 1), np.diff(bounds)), hashes))
    is_new = np.concatenate([[True], keys[1:] != keys[:-1]])[: len(keys)]
    before = np.concatenate([[0], np.cumsum(is_new)])
    return np.diff(before[bounds])


def _recurs_at_quarters(bounds: Ints, hashes: Hashes) -> Flags:
    """True for each text with a shingle at a quarter, half, three quarters or the end that occurred before."""
    counts = np.diff(bounds)
    rows = np.repeat(np.arange(len(counts)), counts)
    found = np.zeros(len(counts), bool)
    for place in (counts // 4, counts // 2, counts * 3 // 4, counts - 1):
        compared = bounds[:-1] + np.maximum(place - 1, 0)
        same = (
            hashes == np.repeat(hashes[np.minimum(compared, len(hashes) - 1)], counts) if len(hashes) else hashes == 0
        )
        earlier = np.flatnonzero(same)
        found[rows[earlier[earlier < compared[rows[earlier]]]]] = True
    return found


def _repeats(text: TextBytes) -> Flags:
    """True for each text with letters beyond ASCII, a window that occurs four times, or a sentence that does thrice."""
    return _has_other_bytes(text) | _repeats_windows(text) | _repeats_sentences(text)


def _has_other_bytes(text: TextBytes) -> Flags:
    found = np.zeros(len(text.ends) - 1, bool)
    found[_rows(text, np.flatnonzero(text.bytes >= FIRST_BEYOND_ASCII))] = True
    return found


def _repeats_windows(text: TextBytes) -> Flags:
    """True for each text in which the bytes before one of the places occur four times."""
    return np.fromiter(map(_repeats_window, _each(text)), bool, len(text.ends) - 1)


def _repeats_window(text: bytes) -> bool:
    places = (round(len(text) / part) for part in PARTS)
    return any(text.count(text[place - PROBE_START : place - PROBE_END]) >= PROBED for place in places)


def _each(text: TextBytes) -> Iterator[bytes]:
    return (text.bytes[start:end].tobytes() for start, end in pairwise(text.ends.tolist()))


def _repeats_sentences(text: TextBytes) -> Flags:
    """True for each text in which the last eight bytes before the end of a sentence are equal for three of them.

    Shorter sentences do not count, nor do spaces at the end; a text with more than a few in a row counts as repeating.
    """
    ends = np.concatenate([np.flatnonzero(ENDS_SENTENCE[text.bytes]), text.ends[1:]]) - 1
    for _ in range(SPACES):
        ends = ends[ends >= WORD - 1]
        ends -= text.bytes[ends] == SPACE
    found = np.zeros(len(text.ends) - 1, bool)
    found[_rows(text, ends[text.bytes[ends] == SPACE])] = True
    for before in range(WORD):
        ends = ends[~ENDS_CLAUSE[text.bytes[ends - before]]]
    keys = np.sort(_of_row(_rows(text, ends), text.words[ends - WORD + 1]))
    repeated = keys[TIMES - 1 :][keys[TIMES - 1 :] == keys[: len(keys) - TIMES + 1]]
    found[(repeated >> ROW_SHIFT).astype(np.int64)] = True
    return found


def _rows(text: TextBytes, places: Ints) -> Ints:
    """The number of the text that holds each place."""
    return np.searchsorted(text.ends, places, side="right") - 1


def _of_row(rows: Ints, windows: Hashes) -> Hashes:
    """One sortable integer per window: its row, then 44 bits of its hash."""
    mixed = (windows ^ (windows >> np.uint64(29))) * MIX
    return (rows.astype(np.uint64) << ROW_SHIFT) | (mixed >> HASH_SHIFT)
