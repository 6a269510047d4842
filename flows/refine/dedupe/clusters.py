"""Lists the clusters of duplicates of the newest refine: keeper, members, and how similar each is to the keeper."""

import duckdb
from rich.table import Table
from rich.text import Text

from warehouse.connect import execute, query
from warehouse.console.terminal import cell, empty_table

COLUMNS = ("size", "keeper", "member", "similarity", "kept", "tokens", "night")


def list_clusters(con: duckdb.DuckDBPyConnection, limit: int) -> Table:
    """A table of the largest `limit` clusters: one row per member, the keeper first."""
    counted, members = execute(con, query("explain", "cluster_counts")).fetchall()[0]
    table = empty_table(COLUMNS, "Clusters of duplicates")
    before = None
    for cluster_id, *row in execute(con, query("explain", "cluster_members"), {"limit": limit}).fetchall():
        if before not in (None, cluster_id):
            table.add_section()
        before = cluster_id
        table.add_row(*map(cell, row))
    table.caption = Text(f"{counted:,} clusters of {members:,} trajectories; the mart `duplicates` has all of them")
    return table
