"""Explains why a trajectory was kept or rejected: each gate's answer in the newest decision.

Nothing is decided again: the decision stores the answers of all gates, also of advisory ones. The mart `ablation`
counts from the same answers what each gate alone removes.
"""

import duckdb
from rich.table import Table
from rich.text import Text

from warehouse.connect import execute, query
from warehouse.console.terminal import cell, empty_table

MAX_EXAMPLES = 5
COLUMNS = ("gate", "keep", "reason", "value", "refuses")


class ExplainError(Exception):
    """No decision, or more than one, matches an id; the message names the next step."""


def explain(con: duckdb.DuckDBPyConnection, id: str) -> Table:
    """A table with one row per gate for the trajectory whose id is `id` or begins with it.

    Raises ExplainError if no decision matches, or several do.
    """
    found = execute(con, query("explain", "decision"), {"id": id}).fetchall() if id else []
    if not found:
        raise ExplainError(
            f"no decision on a trajectory {id!r}. `factory refine` decides; `factory show ID` finds any id"
        )
    if len(found) > 1:
        listed = ", ".join(row[0][:16] for row in found[:MAX_EXAMPLES])
        raise ExplainError(f"{len(found)} trajectories begin with {id!r}, such as {listed}: write more of the id")
    trajectory_id, kept, reasons = found[0]
    table = empty_table(COLUMNS, f"{trajectory_id}: {'kept' if kept else 'rejected'}")
    table.caption = Text("refusals of advisory gates do not count" if kept else ", ".join(reasons))
    for row in execute(con, query("explain", "trajectory_verdicts"), {"id": trajectory_id}).fetchall():
        style = "red" if row[-1] else "yellow" if not row[1] else None
        table.add_row(*map(cell, row), style=style)
    return table
