"""Reads the one table that an answer holds, written in Markdown, as comma- or tab-separated lines, or in JSON.

Text around a Markdown table is passed over. A table without a heading is read by position, if it has as many columns as
the truth.
"""

import csv
import json
import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from flows.domains.spelling import plain, spelled

MAX_CHARS = 1_000_000
"""Characters beyond which an answer is refused unread."""
FENCE = re.compile(r"^\s*(?:```|~~~)\w*\s*$")
RULE = re.compile(r"[\s|:=+-]+")
BARS = re.compile(r"(?<!\\)\|")
Rows = list[list[str]]


def read_table(answer: str, columns: Sequence[str]) -> Rows | str:
    """The rows of an answer's table, cells in the order of `columns`, or the reason why there are none.

    Reasons: `no_table`, `several_tables`, `missing_columns`, `ragged_rows`, `too_long`.
    """
    if len(answer) > MAX_CHARS:
        return "too_long"
    tables = _of_json(answer) or list(_of_markdown(answer))
    if len(tables) > 1:
        return "several_tables"
    names = [spelled(name) for name in columns]
    readings = [_ordered(table, names) for table in tables or _of_lines(answer)]
    return next((one for one in readings if not isinstance(one, str)), readings[0] if readings else "no_table")


def _ordered(table: Rows, columns: Sequence[str]) -> Rows | str:
    heading = [spelled(cell) for cell in table[0]] if table else []
    if set(columns) <= set(heading):
        order, rows = [heading.index(name) for name in columns], table[1:]
    elif len(heading) == len(columns) and not set(columns) & set(heading):
        order, rows = list(range(len(columns))), table
    else:
        return "missing_columns"
    if any(len(row) != len(heading) for row in rows):
        return "ragged_rows"
    return [[row[place] for place in order] for row in rows]


def _of_json(answer: str) -> list[Rows] | None:
    lines = [line for line in answer.splitlines() if not FENCE.match(line)]
    try:
        read = json.loads("\n".join(lines))
    except (ValueError, RecursionError):
        return None
    if isinstance(read, dict) and isinstance(read.get("rows"), list):
        columns = read.get("columns")
        read = [columns, *read["rows"]] if isinstance(columns, list) else read["rows"]
    if not isinstance(read, list) or not read:
        return None
    if all(isinstance(row, dict) for row in read):
        names = list(dict.fromkeys(name for row in read for name in row))
        return [[names, *([_cell(row.get(name)) for name in names] for row in read)]]
    return [[list(map(_cell, row)) for row in read]] if all(isinstance(row, list) for row in read) else None


def _of_markdown(answer: str) -> Iterator[Rows]:
    """The tables of lines that begin with a bar, or that have a rule such as `--|--` below the first of them."""
    for barred, group in groupby(answer.splitlines(), lambda line: bool(BARS.search(line))):
        lines = list(group)
        if barred and (any(map(RULE.fullmatch, lines)) or all(line.lstrip().startswith("|") for line in lines)):
            yield [_cells(line) for line in lines if not RULE.fullmatch(line)]


def _cells(line: str) -> list[str]:
    cells = BARS.split(line.strip())
    framed = cells[1 : -1 if not cells[-1].strip() else None] if not cells[0] else cells
    return [plain(cell.replace("\\|", "|")) for cell in framed]


def _of_lines(answer: str) -> Iterator[Rows]:
    """The readings of an answer as separated lines, one a separator that stands in all lines equally often."""
    lines = [line for line in answer.splitlines() if line.strip() and not FENCE.match(line)]
    for mark in ("\t", ";", ","):
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark, skipinitialspace=True)]
        width = len(rows[0]) if rows else 0
        if len(rows) > 1 and width > 1 and all(len(row) == width for row in rows):
            yield rows


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else json.dumps(value)
