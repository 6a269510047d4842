"""Why a row was kept or refused: what each gate said of it, in the newest refine.

Nothing is decided again: every gate's verdict stands in the decision, also those of gates that are
switched off. What each gate alone removes is the mart `ablation`, from the same verdicts.
"""

import duckdb
from rich.table import Table
from rich.text import Text

from warehouse.connect import run, sql_files
from warehouse.console.terminal import cell, empty_table

FEW = 5
COLUMNS = ("gate", "keep", "reason", "value", "refuses")


class ExplainError(Exception):
    """No decision, or more than one, goes by an id; says what to ask instead."""


def explained(con: duckdb.DuckDBPyConnection, id: str) -> Table:
    """A table of every gate's verdict on the trajectory that `id`, or the start of it, names alone.

    Raises ExplainError when it names none that was decided on, or several.
    """
    found = run(con, sql_files("explain")["decided"], {"id": id}).fetchall() if id else []
    if not found:
        raise ExplainError(
            f"no decision on a trajectory {id!r}. `factory refine` decides; `factory show ID` knows tasks"
        )
    if len(found) > 1:
        listed = ", ".join(row[0][:16] for row in found[:FEW])
        raise ExplainError(f"{len(found)} trajectories begin with {id!r}, such as {listed}: write more of it")
    trajectory_id, kept, reasons = found[0]
    table = empty_table(COLUMNS, f"{trajectory_id}: {'kept' if kept else 'rejected'}")
    table.caption = Text("a gate that is switched off may refuse in vain" if kept else ", ".join(reasons))
    for row in run(con, sql_files("explain")["gates"], {"id": trajectory_id}).fetchall():
        style = "red" if row[-1] else "yellow" if not row[1] else None
        table.add_row(*map(cell, row), style=style)
    return table
