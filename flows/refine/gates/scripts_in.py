"""Finds which scripts other than Latin a text has letters of, for the gate that finds slips into another language.

Pages are long, and a regular expression per script would read each seven times. A table gives the script of every code
point instead, so a column is read once; the classes are those of Unicode's property Script, as RE2 has them.
"""

import sys
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

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
SURROGATES = range(0xD800, 0xE000)


def scripts_in(texts: pa.Array) -> pa.ListArray:
    """Per text the names of the scripts it has letters of, in the order of SCRIPTS; an empty list for null."""
    filled = pc.fill_null(texts, "")
    # a space after each text: a reduction over an empty range would return the next text's first element
    joined = " ".join([*filled.to_pylist(), ""])
    masks = _table()[np.frombuffer(joined.encode("utf-32-le"), np.uint32)]
    ends = np.cumsum(pc.utf8_length(filled).to_numpy(zero_copy_only=False).astype(np.int64) + 1)
    found = np.bitwise_or.reduceat(masks, np.concatenate([[0], ends])[:-1])
    rows, names = np.nonzero((found[:, None] >> np.arange(len(SCRIPTS), dtype=np.uint8)) & 1)
    offsets = np.searchsorted(rows, np.arange(len(ends) + 1))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(list(SCRIPTS)).take(pa.array(names)))


@cache
def _table() -> npt.NDArray[np.uint8]:
    """The bit of each code point's script, 0 for none."""
    characters = pa.array([" " if code in SURROGATES else chr(code) for code in range(TABLED)])
    table = np.zeros(sys.maxunicode + 1, np.uint8)
    for number, pattern in enumerate(SCRIPTS.values()):
        table[:TABLED][pc.match_substring_regex(characters, pattern).to_numpy(zero_copy_only=False)] = 1 << number
    table[TABLED:] = 1 << list(SCRIPTS).index("han")
    return table
