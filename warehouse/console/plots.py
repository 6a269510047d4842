"""Plots the histogram of trajectory lengths (horizons): bars in the terminal, or an SVG file.

One panel per domain compares the lengths in tokens with the domain's own goal, a mean (mart `horizon_goals`).
"""

from html import escape
from pathlib import Path

import polars as pl
from rich.console import Group
from rich.table import Table
from rich.text import Text

from warehouse.console.terminal import visible

BAR_CELLS = 40
EIGHTHS = " ▏▎▍▌▋▊▉█"
PANEL_HEIGHT, BAR_WIDTH, MARGIN = 180, 72, 48


class PlotError(Exception):
    """The plot cannot be saved in the requested format; the message names the supported one."""


def horizon_bars(horizon: pl.DataFrame) -> Group:
    """Draw the mart `horizon_histogram` as bars of text, one panel per domain."""
    return Group(*(_panel(str(name), rows) for (name,), rows in _domains(horizon)))


def save_horizon(horizon: pl.DataFrame, path: Path) -> None:
    """Save the mart `horizon_histogram` as an SVG file; raises PlotError for another suffix than .svg."""
    if path.suffix.lower() != ".svg":
        raise PlotError(f"{path}: plots are saved as SVG only; choose a file name that ends in .svg")
    panels = [
        _svg_panel(str(name), rows, MARGIN + place * (PANEL_HEIGHT + 2 * MARGIN))
        for place, ((name,), rows) in enumerate(_domains(horizon))
    ]
    width = 2 * MARGIN + BAR_WIDTH * (horizon["from_tokens"].n_unique() or 1)
    height = len(panels) * (PANEL_HEIGHT + 2 * MARGIN)
    style = 'font-family="system-ui, sans-serif" font-size="12" fill="#333"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" {style}>'
    path.write_text("\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *panels, "</svg>\n"]), "utf-8")


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


def _svg_panel(domain: str, rows: pl.DataFrame, top: int) -> str:
    floor = top + PANEL_HEIGHT
    most = max(int(rows["trajectories"].max() or 0), 1)  # type: ignore[arg-type]
    parts = [f'<text x="{MARGIN}" y="{top - 16}" font-size="14">{escape(_headline(domain, rows))}</text>']
    for place, row in enumerate(rows.iter_rows(named=True)):
        left, middle = MARGIN + place * BAR_WIDTH, MARGIN + place * BAR_WIDTH + BAR_WIDTH // 2
        for column, colour in (("trajectories", "#c6d4e8"), ("published", "#2b6cb0")):
            height = PANEL_HEIGHT * row[column] / most
            parts.append(
                f'<rect x="{left + 4}" y="{floor - height:.1f}" width="{BAR_WIDTH - 8}" '
                f'height="{height:.1f}" fill="{colour}"><title>{row[column]:,} {column}</title></rect>'
            )
        count = floor - PANEL_HEIGHT * row["trajectories"] / most - 4
        parts.append(f'<text x="{middle}" y="{count:.1f}" text-anchor="middle">{row["trajectories"]:,}</text>')
        parts.append(f'<text x="{middle}" y="{floor + 16}" text-anchor="middle" font-size="10">{_bin(row)}</text>')
        if _holds_goal(row):
            parts.append(f'<path d="M{left + BAR_WIDTH} {top}V{floor}" stroke="#c53030" stroke-dasharray="4 3"/>')
    parts.append(f'<path d="M{MARGIN} {floor}h{BAR_WIDTH * rows.height}" stroke="#333"/>')
    return "\n".join(parts)
