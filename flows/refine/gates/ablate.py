"""The funnel with each gate left out in turn, from the verdicts that stand in the decisions.

A gate's own worth is what it alone removes: rows that no other gate refuses, which would be kept without
it. A gate that is switched off shows what it would remove. Copies that both duplicate gates refuse count for neither.
"""

import duckdb
import polars as pl
from rich.table import Table
from rich.text import Text

from warehouse.console.stats import frame
from warehouse.console.terminal import cell, empty_table

COLUMNS = ("domain", "gate", "decides", "refused", "alone", "alone_tokens", "kept_without")


class AblateError(Exception):
    """There is no decision to leave a gate out of; says what makes some."""


def ablated(con: duckdb.DuckDBPyConnection) -> Table:
    """A table of what each gate refuses and alone removes: over all domains, and in each where there are several.

    Raises AblateError when nothing was decided yet.
    """
    whole = frame(con, "ablation")
    if whole.is_empty():
        raise AblateError("no trajectory was decided on yet: `factory refine` decides on what `factory rollout` made")
    if whole["domain"].n_unique() == 2:
        whole = whole.filter(pl.col("domain") != "all")
    table = empty_table((name.replace("_", " ") for name in COLUMNS), "Without each gate in turn")
    for row in whole.iter_rows(named=True):
        shown = (
            row if row["decides"] else row | {"alone": row["would_remove"], "alone_tokens": row["would_remove_tokens"]}
        )
        table.add_row(*(cell(shown[name]) for name in COLUMNS), style=None if row["decides"] else "yellow")
    kept = {row["domain"]: row["kept"] for row in whole.iter_rows(named=True)}
    table.caption = Text(
        "kept now: "
        + ", ".join(f"{count:,} ({name})" for name, count in kept.items())
        + "; of a gate that does not decide, 'alone' is what it would remove"
    )
    return table
