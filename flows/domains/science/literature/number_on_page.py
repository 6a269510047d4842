"""Finds the number of a quantity in the text of a page, as a reader does who was given the words beside it."""

import re
from collections.abc import Iterable

NUMBER = r"([-\u2212]?\d[\d,]*(?:\.\d+)?)"
MARKS = re.compile(r"\]\([^)\n]*\)|[\[\]*`]")
HEADING = re.compile(r"^#{2,6}\s+(.*\S)\s*$", re.MULTILINE)
"""A heading below the page's title."""
BETWEEN = {"pair": r"\s*[:\uff1a|]\s*", "date": r"\s*(?:\d{1,2} \w+ |\w+ \d{1,2}, )?"}


def number_on_page(kind: str, label: str, text: str) -> float:
    """The number. Raises LookupError if the text has none, or several."""
    return float(_found(kind, label, MARKS.sub("", text))[1].replace(",", "").replace("\u2212", "-"))


def common_heading(kind: str, label: str, texts: Iterable[str]) -> str | None:
    """The heading under which all of the texts have the number; None if they differ, or there is none."""
    headings = {_heading(kind, label, MARKS.sub("", text)) for text in texts}
    return headings.pop() if len(headings) == 1 else None


def _heading(kind: str, label: str, text: str) -> str | None:
    above = HEADING.findall(text[: _found(kind, label, text).start()])
    return str(above[-1]) if above else None


def _found(kind: str, label: str, text: str) -> re.Match[str]:
    start = r"^\W*" if kind == "pair" else r"\b"
    words = re.escape(label).replace(r"\ ", r"\s+")
    found = list(re.finditer(rf"{start}{words}{BETWEEN[kind]}{NUMBER}", text, re.IGNORECASE | re.MULTILINE))
    if len(found) != 1:
        raise LookupError(f"{len(found)} numbers stand beside {label!r}")
    return found[0]
