"""Shows the funnel with each gate left out in turn, from the answers that the decisions store.

A gate's own effect is the rows that it alone refuses, which would be kept without it. For an advisory gate the table
shows the rows that it would remove. Copies that both duplicate gates refuse count for neither.
"""

import duckdb
from rich.table import Table
from rich.text import Text

from warehouse.console.stats import mart_rows, without_needless_total
from warehouse.console.terminal import cell, empty_table

COLUMNS = ("domain", "gate", "decides", "refused", "removed_alone", "removed_alone_tokens", "kept_without")


class AblateError(Exception):
    """There are no decisions to ablate; the message names the command that makes some."""


def ablate(con: duckdb.DuckDBPyConnection) -> Table:
    """A table of the rows that each gate refuses and alone removes, over all domains and, if several, in each.

    Raises AblateError if there are no decisions.
    """
    whole = without_needless_total(mart_rows(con, "ablation"))
    if not whole:
        raise AblateError("there are no decisions yet: run `factory refine` after `factory rollout`")
    table = empty_table((name.replace("_", " ") for name in COLUMNS), "Without each gate in turn")
    for row in whole:
        would = {"removed_alone": row["would_remove"], "removed_alone_tokens": row["would_remove_tokens"]}
        values = row if row["decides"] else row | would
        table.add_row(*(cell(values[name]) for name in COLUMNS), style=None if row["decides"] else "yellow")
    kept = {row["domain"]: row["kept"] for row in whole}
    table.caption = Text(
        "kept now: "
        + ", ".join(f"{count:,} ({name})" for name, count in kept.items())
        + "; for a gate that does not decide, 'removed_alone' counts the rows that it would remove"
    )
    return table
