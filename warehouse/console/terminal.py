"""What of a text may reach a terminal. Pages and models write anything, escape sequences too.

A character that would move the cursor, colour the screen or turn the reading direction is shown by its
number, so that looking at data is always safe, and what is odd in it can be seen.
"""

import unicodedata
from collections.abc import Iterable

from rich.table import Table
from rich.text import Text

UNSEEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode categories with no shape of their own: control, format, surrogate, private, separators."""


def visible(text: str, *, lines: bool = True) -> str:
    """The text with every unseen character written as its number; newlines stay where `lines` is set."""
    kept = "\n\t" if lines else ""
    return "".join(
        char if char in kept or unicodedata.category(char) not in UNSEEN else f"\\x{ord(char):02x}" for char in text
    )


def shortened(text: str, most: int) -> str:
    """The text, or its first `most` characters and how many more there were."""
    return text if len(text) <= most else f"{text[:most]} … (+{len(text) - most:,} characters)"


def empty_table(columns: Iterable[str], title: str | None = None) -> Table:
    """A table without rows, whose cells are never cut: what does not fit goes on in the next line."""
    table = Table(title=Text(visible(title)) if title else None)
    for name in columns:
        table.add_column(cell(name), overflow="fold")
    return table


def cell(value: object, most: int = 200) -> Text:
    """A value for a table: one line, no markup, numbers with separators."""
    if value is None:
        return Text("-", style="dim")
    if isinstance(value, float):
        return Text(f"{value:,.3g}" if abs(value) < 100 else f"{value:,.0f}", justify="right")
    if isinstance(value, int) and not isinstance(value, bool):
        return Text(f"{value:,}", justify="right")
    return Text(visible(shortened(str(value), most), lines=False))
