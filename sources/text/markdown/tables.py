"""Tables: which of them hold data, and their rows as a Markdown table whose columns stay aligned.

A cell over several rows is repeated in each, so that every row is complete by itself. A cell over several columns is
repeated in the header, where it names each of them, and followed by empty cells elsewhere.
"""

import re
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

MAX_SPAN = 1_000
"""Columns or rows that one cell may cover, as in HTML."""
MAX_REPEATED_CHARS = 300
"""A longer cell over several rows is written in its first row only."""
MAX_CELLS = 200_000
"""A table with more cells, the empty ones included, is not padded."""
MAX_LAYOUT_CHARS = 3_000
"""A cell with more text, in a table without header cells, is a part of the page."""

_PARTS = "tr, td, th, table, td h1, td h2, td h3, td h4, td strong, th strong"
_ROW_TAGS = frozenset(("tr", "td", "th", "strong"))
_PIPE = re.compile(r"(?<!\\)\|")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")


@dataclass(slots=True)
class Cell:
    """A cell as written: its Markdown on one line, and the columns and rows that it covers."""

    text: str
    header: bool
    columns: int = 1
    rows: int = 1


@dataclass
class Table:
    """The rows of a table that is being read."""

    rows: list[list[Cell]] = field(default_factory=list)
    n_head: int = 0
    """rows inside <thead>"""

    def lines(self) -> tuple[str, str]:
        """Return a title that spans the whole table, or nothing, and the Markdown of the table."""
        rows = [row for row in self.rows if any(cell.text for cell in row)]
        n_head = min(self._n_header(rows), len(rows))
        title = ""
        if n_head and len(rows) > 1 and len(rows[0]) == 1 and rows[0][0].columns > 1:
            title = rows[0][0].text
            n_head = 0 if rows[0][0].header and not any(cell.header for cell in rows[1]) else self._n_header(rows[1:])
            rows = rows[1:]
        grid = _aligned(rows, n_head)
        if not grid:
            return title, ""
        head = _merged(grid[:n_head]) if n_head else [""] * len(grid[0])
        return title, "\n".join(map(_row, [head, ["---"] * len(head), *grid[n_head:]]))

    def _n_header(self, rows: list[list[Cell]]) -> int:
        if self.n_head and self.n_head < len(rows):
            return self.n_head
        n = 0
        while n < len(rows) - 1 and all(cell.header or not cell.text for cell in rows[n]):
            n += 1
        if n or not rows or rows[0][0].header:
            return n
        return 1  # the first row of a table without header cells names the columns, as a rule


def is_data(table: LexborNode, marked_headings: Container[int]) -> bool:
    """True if a table holds values; False if it lays out the page, as one with tables or sections inside does."""
    if table.attributes.get("role") in ("presentation", "none"):
        return False
    parts = [node for node in table.css(_PARTS) if node.mem_id != table.mem_id]
    inner = Counter(node.tag for node in parts)
    if inner["table"] or any(node.tag not in _ROW_TAGS or node.mem_id in marked_headings for node in parts):
        return False
    several = inner["td"] + inner["th"] > inner["tr"]
    if not several and table.css_first("pre, p + p, td ul, td ol") is not None:
        return False  # one column of sections
    if inner["th"]:
        return inner["tr"] > 1 or several
    return inner["tr"] > 1 and several and not _has_long_cell(table, parts)


def _has_long_cell(table: LexborNode, parts: list[LexborNode]) -> bool:
    if len(table.text()) < MAX_LAYOUT_CHARS:
        return False
    return any(len(node.text()) > MAX_LAYOUT_CHARS for node in parts if node.tag == "td")


def span(value: str | None) -> int:
    """The columns or rows that an attribute names, from 1."""
    return min(MAX_SPAN, max(1, int(value))) if value and value.strip().isdecimal() else 1


def _aligned(rows: list[list[Cell]], n_head: int) -> list[list[str]]:
    """The texts of all rows, with one text for each column."""
    below: dict[int, tuple[int, str]] = {}
    grid = []
    for place, row in enumerate(rows):
        texts = list[str]()
        for cell in row:
            _fill(texts, below)
            repeated = cell.text if place < n_head else ""
            start = len(texts)
            texts += [cell.text, *[repeated] * (cell.columns - 1)]
            if cell.rows > 1:
                again = cell.text if len(cell.text) <= MAX_REPEATED_CHARS else ""
                below |= {at: (cell.rows - 1, again if at == start else repeated) for at in range(start, len(texts))}
        _fill(texts, below)
        grid.append(_without_empty_end(texts) if len(texts) > len(row) else texts)
    width = max(map(len, grid), default=0)
    if width * len(grid) > MAX_CELLS:
        return grid
    return [texts + [""] * (width - len(texts)) for texts in grid]


def _fill(texts: list[str], below: dict[int, tuple[int, str]]) -> None:
    """Append the cells of earlier rows that reach down to this place."""
    while (found := below.pop(len(texts), None)) is not None:
        left, text = found
        if left > 1:
            below[len(texts)] = (left - 1, text)
        texts.append(text)


def _without_empty_end(texts: list[str]) -> list[str]:
    """Drop the padding of a cell that claims more columns than the table has."""
    end = len(texts)
    while end > 1 and not texts[end - 1]:
        end -= 1
    return texts[:end]


def _merged(head: list[list[str]]) -> list[str]:
    """One header of several header rows: the different words over each column, from top to bottom."""
    width = max(map(len, head))
    columns = ([row[at] for row in head if at < len(row)] for at in range(width))
    return [" ".join(dict.fromkeys(filter(None, (_BOLD.sub(r"\1", text) for text in texts)))) for texts in columns]


def _row(texts: list[str]) -> str:
    return "| " + " | ".join(_PIPE.sub(r"\|", text) for text in texts) + " |"
