"""Finds which scripts other than Latin a text has letters of, for the gate that finds slips into another language.

Pages are long, and a regular expression per script would read each seven times. A table gives the script of every code
point instead, so a column is read once; the classes are those of Unicode's property Script, as RE2 has them. Most texts
outside ASCII hold a quotation mark or an accent only: their bytes show that no letter of these scripts begins in them.
"""

import sys
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import re2

SCRIPTS = {
    "han": r"[\p{Han}\p{Hiragana}\p{Katakana}]",
    "hangul": r"\p{Hangul}",
    "cyrillic": r"\p{Cyrillic}",
    "arabic": r"\p{Arabic}",
    "hebrew": r"\p{Hebrew}",
    "thai": r"\p{Thai}",
    "devanagari": r"\p{Devanagari}",
}
SCRIPTS_VERSION = "1"
"""Raise it whenever the same text could get other scripts."""
TABLED = 0x20000
"""Code points that are looked up; all letters beyond them are Han."""
SAME_BEGINNING = 1 << 12
"""Code points on end, from a multiple of it, whose UTF-8 forms of four bytes begin with the same two bytes."""
SURROGATES = range(0xD800, 0xE000)
FIRST_LEAD = 0xC2
"""The smallest byte that begins a letter of several bytes in UTF-8; another byte always follows it."""


def scripts_in(texts: pa.Array) -> pa.ListArray:
    """Per text the names of the scripts it has letters of, in the order of SCRIPTS; an empty list for null."""
    likely = _may_have(texts)
    found = np.zeros(len(texts), np.uint8)
    if likely.any():
        found[likely] = _scripts(texts.filter(pa.array(likely)))
    rows, names = np.nonzero((found[:, None] >> np.arange(len(SCRIPTS), dtype=np.uint8)) & 1)
    offsets = np.searchsorted(rows, np.arange(len(texts) + 1))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(list(SCRIPTS)).take(pa.array(names)))


def _may_have(texts: pa.Array) -> npt.NDArray[np.bool_]:
    """True for each text that two bytes begin a letter of one of SCRIPTS in; accents and quotation marks do not."""
    texts = pc.fill_null(texts.cast(pa.large_string()), "")
    ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    bytes_of = np.frombuffer(texts.buffers()[2] or b"", np.uint8)[ends[0] : ends[-1]]
    leads = np.flatnonzero(bytes_of >= FIRST_LEAD)
    begins = leads[_beginnings()[bytes_of[leads].astype(np.uint16) << 8 | bytes_of[leads + 1]]]
    bounds = np.searchsorted(begins, ends - ends[0])
    likely: npt.NDArray[np.bool_] = bounds[1:] > bounds[:-1]
    return likely


def _scripts(texts: pa.Array) -> npt.NDArray[np.uint8]:
    """The bits of the scripts of each text, none of which is null."""
    # a space after each text: a reduction over an empty range would return the next text's first element
    joined = " ".join([*texts.to_pylist(), ""])
    masks = _table()[np.frombuffer(joined.encode("utf-32-le"), np.uint32)]
    ends = np.cumsum(pc.utf8_length(texts).to_numpy(zero_copy_only=False).astype(np.int64) + 1)
    found: npt.NDArray[np.uint8] = np.bitwise_or.reduceat(masks, np.concatenate([[0], ends])[:-1])
    return found


@cache
def _beginnings() -> npt.NDArray[np.bool_]:
    """True for each two bytes, as one integer, that begin the UTF-8 form of a letter of one of SCRIPTS."""
    codes = np.concatenate([np.flatnonzero(_table()[:TABLED]), np.arange(TABLED, sys.maxunicode, SAME_BEGINNING)])
    first = np.where(
        codes < 0x800, 0xC0 | codes >> 6, np.where(codes < 0x10000, 0xE0 | codes >> 12, 0xF0 | codes >> 18)
    )
    second = 0x80 | 63 & np.where(codes < 0x800, codes, np.where(codes < 0x10000, codes >> 6, codes >> 12))
    begins = np.zeros(1 << 16, bool)
    begins[first << 8 | second] = True
    return begins


@cache
def _table() -> npt.NDArray[np.uint8]:
    """The bit of each code point's script, 0 for none.

    All code points stand in one text: a search for each script finds the few hundred runs of its letters.
    """
    codes = np.array([code for code in range(TABLED) if code not in SURROGATES])
    text = "".join(map(chr, codes.tolist())).encode()
    starts = np.flatnonzero(np.frombuffer(text, np.uint8) & 0xC0 != 0x80)
    table = np.zeros(sys.maxunicode + 1, np.uint8)
    for number, pattern in enumerate(SCRIPTS.values()):
        for run in re2.finditer(f"{pattern}+", text):
            table[codes[slice(*np.searchsorted(starts, run.span()))]] = 1 << number
    table[TABLED:] = 1 << list(SCRIPTS).index("han")
    return table
