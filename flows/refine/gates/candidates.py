"""The trajectories that are decided on: all that were not aborted, each with the words of its task."""

import duckdb

from warehouse.connect import share_as, sql_files


def share_candidates(con: duckdb.DuckDBPyConnection, name: str = "candidates") -> None:
    """Make that table; what the lake's parts say of themselves is in memory for one record at a time."""
    texts = sql_files("refine")
    share_as(con, "task_words", texts["task_words"])
    share_as(con, name, texts["candidates"])
    con.execute("drop table task_words")
