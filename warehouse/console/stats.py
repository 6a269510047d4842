"""Prints marts as tables in the terminal."""

import duckdb
import polars as pl
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


def frame(con: duckdb.DuckDBPyConnection, mart: str) -> pl.DataFrame:
    """All rows of a mart or view as a polars frame."""
    rows: pl.DataFrame = con.sql(f'from "{mart}"').pl()
    return rows


def funnel_table(con: duckdb.DuckDBPyConnection) -> Table:
    """The fates of planned attempts with their reasons, over all domains, and per domain if there are several."""
    funnel = frame(con, "funnel")
    table = empty_table(("domain", "fate", "reason", "attempts", "share", "tokens"), "Funnel")
    if funnel["domain"].n_unique() == 2:
        funnel = funnel.filter(pl.col("domain") != "all")
    for row in funnel.iter_rows(named=True):
        labels = [cell(row["domain"]), cell(row["fate"]), cell(row["reason"] if row["reason"] != row["fate"] else "")]
        share = Text(f"{row['share']:.1%}", justify="right")
        table.add_row(*labels, cell(row["attempts"]), share, cell(row["tokens"]))
    return table


def mart_table(con: duckdb.DuckDBPyConnection, mart: str) -> Table:
    """A mart of TABLES as a table for the terminal."""
    title, columns = TABLES[mart]
    table = empty_table((name.replace("_", " ") for name in columns), title)
    for row in frame(con, mart).select(columns).iter_rows():
        table.add_row(*map(cell, row))
    return table


def print_stats(con: duckdb.DuckDBPyConnection) -> None:
    """Print the funnel, the tables and the histogram of lengths."""
    console = Console()
    console.print(funnel_table(con))
    for mart in TABLES:
        console.print(mart_table(con, mart))
    console.print(horizon_bars(frame(con, "horizon_histogram")))
