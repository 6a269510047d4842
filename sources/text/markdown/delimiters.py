"""Stars and underscores that the page shows as such, so that no reader of Markdown takes them for emphasis.

`__init__` would be read as a bold `init`. Whether a run of them opens or closes emphasis depends on what stands around
it and on the rest of the paragraph (CommonMark, "delimiter runs"), so each is held as a sign of its own until the
paragraph ends. Only those that would pair are escaped: `*args` alone and `snake_case` stay as they are.
"""

import re
import unicodedata
from typing import NamedTuple

STAR, UNDERSCORE = "\ufdd0", "\ufdd1"
"""Stand for `*` and `_` until the paragraph ends: code points that Unicode reserves for such use inside of programs."""

_HELD = str.maketrans("*_", STAR + UNDERSCORE)
_PLAIN = str.maketrans(STAR + UNDERSCORE, "*_")
_DELIMITER = re.compile(r"\*+|(?<!\w)_+|(?<!_)_++(?![^\W_])")
"""stars, or underscores other than those between two letters or digits, which never are emphasis"""
_TEX = re.compile(r"\$\$.+?\$\$|(?<![\w$])\$(?=[^\s$])[^$\n]*(?<=[^\s$])\$(?![\w$])")
_RUN = re.compile(f"{STAR}+|{UNDERSCORE}+")


class _Run(NamedTuple):
    """A delimiter run of the page's own text."""

    start: int
    end: int
    opens: bool
    closes: bool


def held(text: str) -> str:
    """Text of a page with signs in place of its stars and underscores; formulas between dollars stay as they are."""
    if "$" not in text:
        return _DELIMITER.sub(_hold, text)
    pieces, end = list[str](), 0
    for formula in _TEX.finditer(text):
        pieces += [_DELIMITER.sub(_hold, text[end : formula.start()]), formula[0]]
        end = formula.end()
    return "".join([*pieces, _DELIMITER.sub(_hold, text[end:])])


def resolved(paragraph: str) -> str:
    """Write the signs of a paragraph as characters, escaped where they would be read as emphasis."""
    if STAR not in paragraph and UNDERSCORE not in paragraph:
        return paragraph
    runs = [_run(paragraph, found.start(), found.end()) for found in _RUN.finditer(paragraph)]
    escaped = {run.start for sign in (STAR, UNDERSCORE) for run in _pairing(paragraph, runs, sign)}
    return _RUN.sub(lambda found: _written(found[0], escape=found.start() in escaped), paragraph)


def _hold(found: re.Match[str]) -> str:
    return found[0].translate(_HELD)


def _written(run: str, *, escape: bool) -> str:
    plain = run.translate(_PLAIN)
    return f"\\{plain[0]}" * len(plain) if escape else plain


def _pairing(paragraph: str, runs: list[_Run], sign: str) -> list[_Run]:
    """The runs of a sign that may pair: with each other, or with the stars around emphasis of the page."""
    own = [run for run in runs if paragraph[run.start] == sign and (run.opens or run.closes)]
    if sign == STAR and "*" in paragraph:
        return own
    first = next((run.start for run in own if run.opens), len(paragraph))
    last = next((run.start for run in reversed(own) if run.closes), -1)
    return [run for run in own if (run.opens and run.start < last) or (run.closes and run.start > first)]


def _run(paragraph: str, start: int, end: int) -> _Run:
    """Judge a run by the characters beside it, as CommonMark does."""
    before, after = _kind(paragraph[start - 1 : start]), _kind(paragraph[end : end + 1])
    left = after != "blank" and (after != "sign" or before != "letter")
    right = before != "blank" and (before != "sign" or after != "letter")
    if paragraph[start] == STAR:
        return _Run(start, end, left, right)
    return _Run(start, end, left and (not right or before == "sign"), right and (not left or after == "sign"))


def _kind(character: str) -> str:
    """Class of a character beside a run: the ends of a paragraph count as blanks, marks of accents as letters."""
    if not character or character.isspace():
        return "blank"
    if character in (STAR, UNDERSCORE) or unicodedata.category(character)[0] in "PS":
        return "sign"
    return "letter"
