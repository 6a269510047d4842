"""Makes text safe to print in a terminal: text of pages and models may contain escape sequences.

A character that would move the cursor, colour the screen or change the reading direction is written by its number, so
that displaying data is safe and odd characters are visible.
"""

from collections.abc import Iterable

import regex
from rich.box import HEAVY_HEAD
from rich.table import Table
from rich.text import Text

from warehouse.console.fitted_table import FactTable, FittedTable

INVISIBLE = regex.compile(r"[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]")
"""Unicode categories without a glyph: control, format, surrogate, private use, line and paragraph separators."""


def visible(text: str, *, lines: bool = True) -> str:
    """The text with every invisible character as its number (\\x1b); tabs and newlines stay if `lines` is set."""
    kept = "\n\t" if lines else ""
    return str(INVISIBLE.sub(lambda found: found[0] if found[0] in kept else f"\\x{ord(found[0]):02x}", text))


def shortened(text: str, most: int) -> str:
    """The text, or its first `most` characters and the number of the others."""
    return text if len(text) <= most else f"{text[:most]} … (+{len(text) - most:,} characters)"


def empty_table(columns: Iterable[str], title: str | None = None) -> Table:
    """A table without rows; long cells are wrapped between words, never cut."""
    table = FittedTable(title=Text(visible(title)) if title else None)
    for name in columns:
        table.add_column(cell(name))
    return table


def facts_table(facts: Iterable[tuple[str, object]], title: str | None = None, *, boxed: bool = False) -> Table:
    """A table of names and their values, one a line; numbers are written as given."""
    heading = Text(visible(title, lines=False)) if title else None
    table = FactTable(title=heading, box=HEAVY_HEAD if boxed else None, pad_edge=boxed)
    table.add_column()
    table.add_column()
    for name, value in facts:
        table.add_row(
            Text(name, style="bold"), value if isinstance(value, Text) else Text(visible(str(value), lines=False))
        )
    return table


def cell(value: object, most: int = 200) -> Text:
    """A value for a table: one line of at most `most` characters, no markup, numbers with thousands separators."""
    if value is None:
        return Text("-", style="dim")
    if isinstance(value, float):
        return Text(f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}", justify="right")
    if isinstance(value, int) and not isinstance(value, bool):
        return Text(f"{value:,}", justify="right")
    return Text(visible(shortened(str(value), most), lines=False))
