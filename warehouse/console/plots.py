"""Plots the histogram of trajectory lengths (horizons) as bars in the terminal.

One panel per domain compares the lengths in tokens with the domain's own goal, a mean (mart `horizon_goals`).
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from warehouse.console.terminal import visible

BAR_CELLS = 40
EIGHTHS = " ▏▎▍▌▋▊▉█"
Row = Mapping[str, Any]


def horizon_bars(horizon: Sequence[Row]) -> Group:
    """Draw the mart `horizon_histogram` as bars of text, one panel per domain."""
    return Group(*(_panel(str(name), list(rows)) for name, rows in groupby(horizon, lambda row: row["domain"])))


def bar(share: float, cells: int = BAR_CELLS) -> str:
    """A bar of text of up to `cells` characters for a share from 0 to 1, to an eighth of a character."""
    whole, part = divmod(round(share * cells * 8), 8)
    return "█" * whole + (EIGHTHS[part] if part else "")


def holds_goal(row: Row) -> bool:
    """True if the domain's goal lies in this bin of the mart `horizon_histogram`."""
    low, high, goal = row["from_tokens"], row["to_tokens"], row["goal_tokens"]
    return bool(low < goal and (high is None or goal <= high))


def _panel(domain: str, rows: Sequence[Row]) -> Table:
    table = Table(title=Text(_headline(domain, rows)), show_header=False, box=None, title_justify="left")
    most = max(1, *(row["trajectories"] for row in rows))
    for row in rows:
        mark = "◂ goal" if holds_goal(row) else ""
        line = f"{bar(row['trajectories'] / most)} {row['trajectories']:,}"
        table.add_row(Text(_bin(row), justify="right"), Text(line), Text(mark, style="dim"))
    return table


def _headline(domain: str, rows: Sequence[Row]) -> str:
    mean, share, goal = (rows[0][name] for name in ("mean_tokens", "share_of_goal", "goal_tokens"))
    return f"{visible(domain)}: {mean:,.0f} tokens on average, {share:.1%} of the goal of {goal:,}"


def _bin(row: Row) -> str:
    low, high = row["from_tokens"] or 0, row["to_tokens"]
    return f"{low:,}+" if high is None else f"{low:,}-{high:,}"
