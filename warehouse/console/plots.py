"""Plots the histogram of trajectory lengths (horizons) as bars in the terminal.

One panel per domain compares the lengths in tokens with the domain's own goal, a mean (mart `horizon_goals`).
"""

import polars as pl
from rich.console import Group
from rich.table import Table
from rich.text import Text

from warehouse.console.terminal import visible

BAR_CELLS = 40
EIGHTHS = " ▏▎▍▌▋▊▉█"


def horizon_bars(horizon: pl.DataFrame) -> Group:
    """Draw the mart `horizon_histogram` as bars of text, one panel per domain."""
    return Group(*(_panel(str(name), rows) for (name,), rows in _domains(horizon)))


def bar(share: float, cells: int = BAR_CELLS) -> str:
    """A bar of text of up to `cells` characters for a share from 0 to 1, to an eighth of a character."""
    whole, part = divmod(round(share * cells * 8), 8)
    return "█" * whole + (EIGHTHS[part] if part else "")


def _domains(horizon: pl.DataFrame) -> list[tuple[tuple[object, ...], pl.DataFrame]]:
    return list(horizon.group_by(["domain"], maintain_order=True))


def _panel(domain: str, rows: pl.DataFrame) -> Table:
    table = Table(title=Text(_headline(domain, rows)), show_header=False, box=None, title_justify="left")
    most = max(int(rows["trajectories"].max() or 0), 1)  # type: ignore[arg-type]
    for row in rows.iter_rows(named=True):
        mark = "◂ goal" if _holds_goal(row) else ""
        line = f"{bar(row['trajectories'] / most)} {row['trajectories']:,}"
        table.add_row(Text(_bin(row), justify="right"), Text(line), Text(mark, style="dim"))
    return table


def _headline(domain: str, rows: pl.DataFrame) -> str:
    mean, share, goal = (rows[name][0] for name in ("mean_tokens", "share_of_goal", "goal_tokens"))
    return f"{visible(domain)}: {mean:,.0f} tokens on average, {share:.1%} of the goal of {goal:,}"


def _holds_goal(row: dict[str, int | None]) -> bool:
    low, high, goal = row["from_tokens"] or 0, row["to_tokens"], row["goal_tokens"] or 0
    return low < goal and (high is None or goal <= high)


def _bin(row: dict[str, int | None]) -> str:
    low, high = row["from_tokens"] or 0, row["to_tokens"]
    return f"{low:,}+" if high is None else f"{low:,}-{high:,}"
