"""A table that fits the terminal without breaking words.

Rich folds a cell that is too wide in the middle of a word, where a number or a reason can no longer be read or copied.
This table breaks lines after spaces and the separators of names (`outcome:wrong_answer`) only; then it leaves out the
lines between columns, and at last prints each row as a block, one column a line.
"""

import heapq
import re
from collections.abc import Sequence

from rich.box import SIMPLE_HEAD, Box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

BREAKS = re.compile(r"(?<=\s)|(?<=[_/])|(?<=\D:)|(?<=[^\W\d]-)")
"""Places where a line may end: after a space, and after a separator inside a name, but not inside numbers and times."""
EDGES = 7
"""Characters of a line of facts besides name and value, with a box."""
SAMPLE = 5
"""Longest cells of a column that decide on its width."""

Row = Sequence[Text]


class FittedTable(Table):
    """A Rich table whose cells are wrapped to the width at hand only as it is printed; rows as Table.add_row."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        heads = [_text(column.header) for column in self.columns]
        rows = list(zip(*([_text(one) for one in column.cells] for column in self.columns), strict=True))
        count, columns = len(heads), list(zip(heads, *rows, strict=True))
        boxed = _widths(columns, options.max_width - 3 * count - 1)
        light = _widths(columns, options.max_width - 2 * count + 2)
        if boxed and _tallest(columns, boxed) <= _tallest(columns, light):
            table = self._empty(self.show_header, self.box)
            _fill(table, heads, rows, boxed)
        elif light:
            table = self._empty(self.show_header, SIMPLE_HEAD)
            table.pad_edge, table.show_edge, table.collapse_padding = False, False, True
            _fill(table, heads, rows, light)
        else:
            table = self._blocks(heads, rows, options.max_width)
        yield from Table.__rich_console__(table, console, options)

    def _empty(self, show_header: bool, box: Box | None) -> Table:
        return Table(title=self.title, caption=self.caption, show_header=show_header, box=box)

    def _blocks(self, heads: Row, rows: Sequence[Row], width: int) -> Table:
        """Every row as lines of its columns, with an empty line after it."""
        room = width - max(map(_longest_line, heads)) - 2
        table = self._empty(False, None)
        table.pad_edge = False
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for row in rows:
            for head, value in zip(heads, row, strict=True):
                plain = _wrapped(value, room)
                plain.justify = None
                table.add_row(Text(head.plain, style="bold"), plain)
            table.add_row("", "")
        return table


class FactTable(Table):
    """Two columns, names and their values: a name is never broken, a value after words if these have room."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names, values = ([_text(one) for one in column.cells] for column in self.columns)
        table = Table(title=self.title, title_justify="left", show_header=False, box=self.box, pad_edge=self.pad_edge)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        room = options.max_width - max(map(_longest_line, names), default=0) - EDGES
        for name, value in zip(names, values, strict=True):
            table.add_row(name, _wrapped(value, max(1, room)))
        yield from Table.__rich_console__(table, console, options)


def _fill(table: Table, heads: Row, rows: Sequence[Row], widths: Sequence[int]) -> None:
    for head, width in zip(heads, widths, strict=True):
        table.add_column(_wrapped(head, width), no_wrap=True)
    for row in rows:
        table.add_row(*(_wrapped(value, width) for value, width in zip(row, widths, strict=True)))


def _widths(columns: Sequence[Row], available: int) -> list[int]:
    """The width of each column; empty if the longest words have no room. The tallest column gets the spare room."""
    widths = [max(map(_longest_word, column)) for column in columns]
    if sum(widths) > available:
        return []
    longest = [heapq.nlargest(SAMPLE, column, key=_longest_line) for column in columns]
    lines = [_most_lines(*pair) for pair in zip(longest, widths, strict=True)]
    for _ in range(available - sum(widths)):
        tallest = max(range(len(columns)), key=lines.__getitem__)
        if lines[tallest] <= 1:
            break
        widths[tallest] += 1
        lines[tallest] = _most_lines(longest[tallest], widths[tallest])
    return widths


def _tallest(columns: Sequence[Row], widths: Sequence[int]) -> int:
    """Lines of the tallest cell of a table."""
    return max(map(_most_lines, columns, widths))


def _most_lines(column: Row, width: int) -> int:
    """Lines of the tallest cell of a column; one with line ends of its own counts as one line where it fits."""
    return max(1 if _longest_line(one) <= width else _wrapped(one, width).plain.count("\n") + 1 for one in column)


def _wrapped(text: Text, width: int) -> Text:
    """The text with line ends at breaks, as few as the width allows; style and justification stay."""
    if _longest_line(text) <= width:
        return text.copy()
    ends, start, last = list[int](), 0, 0
    for end in [*(found.start() for found in BREAKS.finditer(text.plain)), len(text.plain)]:
        if cell_len(text.plain[start:end].rstrip()) > width and last > start:
            ends.append(last)
            start = last
        last = end
    lines = text.divide(ends)
    for line in lines:
        line.rstrip()
    whole = Text("\n", end="").join(lines)
    whole.justify, whole.style = text.justify, text.style
    return whole


def _longest_word(text: Text) -> int:
    return max(cell_len(word.rstrip()) for word in BREAKS.split(text.plain))


def _longest_line(text: Text) -> int:
    return max((cell_len(line) for line in text.plain.splitlines()), default=0)


def _text(cell: object) -> Text:
    return cell if isinstance(cell, Text) else Text(str(cell))
