"""Plots the histogram of trajectory lengths (horizons): bars in the terminal, or an SVG or PNG file.

One panel per domain compares the lengths in tokens with the domain's own goal, a mean (mart `horizon_goals`).
"""

from pathlib import Path

import polars as pl
from rich.console import Group
from rich.table import Table
from rich.text import Text

from warehouse.console.progress import write_bytes_atomic
from warehouse.console.terminal import visible
from warehouse.report import charts
from warehouse.report.drawing import PRINT, png, svg

BAR_CELLS = 40
EIGHTHS = " ▏▎▍▌▋▊▉█"


class PlotError(Exception):
    """The plot cannot be saved in the requested format; the message names the supported one."""


def horizon_bars(horizon: pl.DataFrame) -> Group:
    """Draw the mart `horizon_histogram` as bars of text, one panel per domain."""
    return Group(*(_panel(str(name), rows) for (name,), rows in _domains(horizon)))


def save_horizon(horizon: pl.DataFrame, path: Path) -> None:
    """Save the mart `horizon_histogram` as an SVG or PNG file, whole or not at all.

    Raises PlotError for another suffix, and DrawingError without the extra `report`.
    """
    suffix = path.suffix.lower()
    if suffix not in (".svg", ".png"):
        raise PlotError(f"{path}: plots are saved as SVG or PNG; choose a file name that ends in .svg or .png")
    chart = charts.horizon(horizon.to_dicts(), PRINT)
    drawn = svg(chart, PRINT).encode() if suffix == ".svg" else png(chart, PRINT)
    write_bytes_atomic(path, drawn)


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
