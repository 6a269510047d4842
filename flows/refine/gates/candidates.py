"""Makes the table of candidates: the trajectories to decide on, each with the words of its task."""

import duckdb

from warehouse.connect import create_shared_table, sql_files
from warehouse.lake import LakeError


def make_candidates(con: duckdb.DuckDBPyConnection, name: str = "candidates") -> None:
    """Make a table called `name`: one row per trajectory that was not aborted.

    Tasks are read first and on their own: DuckDB then holds the Parquet footers of one record at a time. Raises
    LakeError if a trajectory has two rows.
    """
    texts = sql_files("decide")
    create_shared_table(con, "task_words", texts["task_words"])
    create_shared_table(con, name, texts["candidates"])
    con.execute("drop table task_words")
    ((twice,),) = con.table(name).aggregate("count(*) - count(distinct trajectory_id)").fetchall()
    if twice:
        raise LakeError(f"{twice} trajectories are in the lake twice; `factory lake check` reads every part.")
