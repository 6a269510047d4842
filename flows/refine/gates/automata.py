"""Compiles the expressions of long lists of phrases, which may need milliseconds and megabytes each, with RE2.

Half of the time goes into letters beyond ASCII: `\\p{L}` alone is seven hundred ranges of UTF-8. So a column is
searched for a wider expression first, and a text in ASCII that may match for one of single bytes.
"""

import re
from typing import Any

import re2

AUTOMATON_BYTES = 144 * 1024 * 1024
"""Memory of one expression at most; a third of it is for the states of a search. RE2 makes states while it searches:
if they outgrow their memory, on texts of many languages, it makes them again and again, a hundred times slower."""
GAP = re.compile(r"(\[\^[^\]]*\\n[^\]]*\])\{0,\d+\}")
"""A gap of so many letters at most, without a line end."""
LETTER = re.compile(r"\\p\{L\}|\\.|\[(\^?)(\]?(?:\\p\{\w+\}|\\.|\[:\w+:\]|[^\]\\])*)\]")
"""Any letter, an escape, or a class in brackets: its sign of negation and its members."""
ANY_LETTER, LETTERS, MORE_THAN_LETTERS = r"\p{L}", "a-zA-Z", r"a-zA-Z\x{80}-\x{10ffff}"
RANGE = re.compile(r"([^\x00-\x7f])-([^\x00-\x7f])|\\x\{")
BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
LIKE_ASCII = "\u017f\u212a"
"""Letters beyond ASCII that are ASCII letters without regard to case: long s and the Kelvin sign."""


def compiled(text: str, *, captures: bool = False) -> Any:
    """The expression, with memory for the states that texts of many languages need."""
    return re2.compile(text, _options(captures=captures))


def compiled_for_ascii(text: str) -> Any:
    """The expression for texts in ASCII: it matches the same in them, and takes a tenth of the time to compile.

    It is one of single bytes. No letter beyond ASCII is in such a text, so each stands as one byte that is not either.
    """
    if _is_like_ascii(text):
        return compiled(text)
    options = _options(captures=False)
    options.encoding = re2.Options.Encoding.LATIN1
    return re2.compile(LETTER.sub(_with_ascii_letters, BEYOND_ASCII.sub(r"\\xff", text)).encode(), options)


def widened(text: str) -> str:
    """An expression that matches all that this one does, with states made ten times faster.

    Gaps may be of any length: an automaton that counts their letters has thousands of states more. Any letter beyond
    ASCII may stand where one of `\\p{L}` must, which is seven hundred ranges.
    """
    return "(?m)" + LETTER.sub(_with_more_letters, GAP.sub(r"\1*", text))


def _with_more_letters(found: re.Match[str]) -> str:
    """The class with more letters than it has; if it is negated, without those of ASCII only."""
    if found[2] is None:
        return f"[{MORE_THAN_LETTERS}]" if found[0] == ANY_LETTER else found[0]
    letters = LETTERS if found[1] else MORE_THAN_LETTERS
    return f"[{found[1]}{found[2].replace(ANY_LETTER, letters)}]"


def _options(*, captures: bool) -> Any:
    options = re2.Options()
    options.max_mem, options.log_errors, options.never_capture = AUTOMATON_BYTES, False, not captures
    return options


def _is_like_ascii(text: str) -> bool:
    """True if a letter or range beyond ASCII may match an ASCII letter without regard to case."""
    ranges = [(found[1], found[2]) for found in RANGE.finditer(text)]
    return not set(text).isdisjoint(LIKE_ASCII) or any(
        first is None or any(first <= letter <= last for letter in LIKE_ASCII) for first, last in ranges
    )


def _with_ascii_letters(found: re.Match[str]) -> str:
    """The class with ASCII letters in the place of all letters."""
    if found[2] is None:
        return f"[{LETTERS}]" if found[0] == ANY_LETTER else found[0]
    return f"[{found[1]}{found[2].replace(ANY_LETTER, LETTERS)}]"
