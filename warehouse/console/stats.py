"""Prints marts as tables in the terminal."""

from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table
from rich.text import Text

from warehouse.console.plots import horizon_bars
from warehouse.console.terminal import cell, empty_table

TABLES = {
    "trajectory_stats": (
        "Trajectories",
        ["domain", "status", "trajectories", "mean_tokens", "p50_tokens", "p90_tokens", "mean_turns", "mean_calls"],
    ),
    "turn_stats": ("Turns", ["domain", "role", "turns", "mean_chars", "mean_tokens", "p90_tokens", "mean_seconds"]),
    "tool_use": (
        "Tools",
        ["domain", "tool", "calls", "share_ok", "empty", "truncated", "blocked", "fault", "mean_chars"],
    ),
    "censoring": (
        "How attempts ended, and their length relative to those that ended naturally",
        ["domain", "composer", "reason", "attempts", "share", "mean_turns", "mean_tokens", "tokens_to_natural"],
    ),
    "horizon_limits": (
        "What limits length: a cap, an early answer, or pages that hold too little (corpus depth)",
        ["domain", "limited_by", "attempts", "share", "mean_calls", "mean_tokens", "goal_tokens", "share_of_goal"],
    ),
}
"""Mart -> the table's title, and the columns that fit a terminal."""
Row = dict[str, Any]


def mart_rows(con: duckdb.DuckDBPyConnection, mart: str) -> list[Row]:
    """All rows of a mart or view, as dictionaries by column."""
    result = con.execute(f'from "{mart}"')
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def without_needless_total(rows: list[Row]) -> list[Row]:
    """The rows without those of the domain `all` if there is only one other, which they would repeat."""
    return [row for row in rows if row["domain"] != "all"] if len({row["domain"] for row in rows}) == 2 else rows


def funnel_table(con: duckdb.DuckDBPyConnection) -> Table:
    """The fates of planned attempts with their reasons, over all domains, and per domain if there are several."""
    table = empty_table(("domain", "fate", "reason", "attempts", "share", "tokens"), "Funnel")
    for row in without_needless_total(mart_rows(con, "funnel")):
        labels = [cell(row["domain"]), cell(row["fate"]), cell(row["reason"] if row["reason"] != row["fate"] else "")]
        share = Text(f"{row['share']:.1%}", justify="right")
        table.add_row(*labels, cell(row["attempts"]), share, cell(row["tokens"]))
    return table


def mart_table(con: duckdb.DuckDBPyConnection, mart: str) -> Table:
    """A mart of TABLES as a table for the terminal."""
    title, columns = TABLES[mart]
    table = empty_table((name.replace("_", " ") for name in columns), title)
    for row in mart_rows(con, mart):
        table.add_row(*(cell(row[name]) for name in columns))
    return table


def print_stats(con: duckdb.DuckDBPyConnection) -> None:
    """Print the funnel, the tables and the histogram of lengths."""
    console = Console()
    console.print(funnel_table(con))
    for mart in TABLES:
        console.print(mart_table(con, mart))
    console.print(horizon_bars(mart_rows(con, "horizon_histogram")))
