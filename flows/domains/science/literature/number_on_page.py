"""Finds the number of a quantity in the text of a page, as a reader does who was given the words beside it."""

import re
from collections.abc import Iterable, Mapping

NUMBER = r"([-\u2212]?\d[\d,]*(?:\.\d+)?)"
MARKS = re.compile(r"\]\([^)\n]*\)|[\[\]*`]")
HEADING = re.compile(r"^#{2,6}\s+(.*\S)\s*$", re.MULTILINE)
"""A heading below the page's title."""
BETWEEN = {"pair": r"\s*[:\uff1a|]\s*", "date": r"\s*(?:\d{1,2} \w+ |\w+ \d{1,2}, )?"}


def number_on_page(kind: str, label: str, text: str) -> float:
    """The number. Raises LookupError if the text has none, or several."""
    return float(_found(kind, label, MARKS.sub("", text))[1].replace(",", "").replace("\u2212", "-"))


def number_in_table(key: str, column: str, page: Mapping[str, str], text: str) -> float:
    """The number of a column in the row that names a page, of a table with these columns. Raises LookupError."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in text.split("\n") if "|" in line]
    header = next((row for row in rows if key in row and column in row), None)
    found = [row for row in rows if header and len(row) == len(header) and _names(page, row[header.index(key)])]
    if header is None or len(found) != 1:
        raise LookupError(f"{len(found)} rows of the table name {page['url']}")
    return float(MARKS.sub("", found[0][header.index(column)]).split()[0].replace(",", ""))


def _names(page: Mapping[str, str], cell: str) -> bool:
    return f"]({page['url']})" in cell or MARKS.sub("", cell).strip().casefold() == page["name"].casefold()


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
