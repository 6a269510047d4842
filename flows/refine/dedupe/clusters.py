"""The clusters of duplicates that the newest refine found, for people: who stands for whom, and how alike they are."""

import duckdb
from rich.table import Table
from rich.text import Text

from warehouse.connect import run, sql_files
from warehouse.console.terminal import cell, empty_table

COLUMNS = ("size", "keeper", "member", "similarity", "kept", "tokens", "night")


def clusters(con: duckdb.DuckDBPyConnection, limit: int) -> Table:
    """A table of the largest `limit` clusters, a row a member, the keeper's own first."""
    counted, members = run(con, sql_files("explain")["clusters_counted"]).fetchall()[0]
    table = empty_table(COLUMNS, "Clusters of duplicates")
    before = None
    for cluster_id, *row in run(con, sql_files("explain")["clusters"], {"limit": limit}).fetchall():
        if before not in (None, cluster_id):
            table.add_section()
        before = cluster_id
        table.add_row(*map(cell, row))
    table.caption = Text(f"{counted:,} clusters of {members:,} trajectories; the mart `duplicates` has all of them")
    return table
