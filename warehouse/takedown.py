"""What a takedown means: all that goes by a name or rests on a page, whenever it was made.

A request is an order that stands: it is asked of the lake anew wherever attempts leave the house, so that a
later attempt at a withdrawn task, or one that reads a withdrawn page, does not slip out. One rule in SQL
says what goes by a request (`sql/withdrawals/`). Where nobody asked for a page, no turn is read.
"""

import duckdb

from warehouse.connect import keep_as, share_as, sql_files

ANY_ADDRESS = "select count(*) > 0 from requests where contains(target, '://')"


def keep_meant(con: duckdb.DuckDBPyConnection, target: str) -> list[str]:
    """Leave the table `meant`, all that this one request means and how; returns the trajectories in order."""
    keep_as(con, "requests", sql_files("withdrawals")["request"], {"target": target})
    _keep_meant(con)
    return [row[0] for row in con.execute("select distinct trajectory_id from meant order by 1").fetchall()]


def keep_withdrawn(con: duckdb.DuckDBPyConnection) -> None:
    """Leave the table `withdrawn`: every trajectory that a request of the lake means, with the first that does."""
    texts = sql_files("withdrawals")
    keep_as(con, "requests", texts["requests"])
    _keep_meant(con)
    share_as(con, "withdrawn", texts["withdrawn"])


def _keep_meant(con: duckdb.DuckDBPyConnection) -> None:
    texts = sql_files("withdrawals")
    [(any_address,)] = con.execute(ANY_ADDRESS).fetchall()
    keep_as(con, "heard", texts["heard"], {"any_address": any_address})
    keep_as(con, "meant", texts["meant"])
