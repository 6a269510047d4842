"""Takedown: the trajectories that a withdrawal request matches, by id or by a page they depend on.

A request holds for good. It is matched against the lake anew before each refine, release and export, so that a later
attempt at a withdrawn task, or one that reads a withdrawn page, is withdrawn too. The rule is written once, in SQL
(`sql/withdrawals/`). Turns are read only if a request names a page.
"""

from pathlib import Path

import duckdb

from warehouse.connect import create_shared_table, create_temp_table, query

ANY_URL = "select count(*) > 0 from requests where contains(target, '://')"


def match_request(con: duckdb.DuckDBPyConnection, target: str) -> list[str]:
    """Create the table `matched`: every trajectory that a request for `target` matches, and how.

    `target` is a page's URL (also one that leads to it, or the address of a collection of pages), a path of this
    machine, or a task's or trajectory's id or the start of one (at least 8 characters). Returns the ids of the
    trajectories, sorted.
    """
    create_temp_table(con, "requests", query("withdrawals", "one_request"), {"target": address_of(target)})
    _create_matched(con)
    return [row[0] for row in con.execute("select distinct trajectory_id from matched order by 1").fetchall()]


def address_of(target: str) -> str:
    """Return a local path as the url that its pages have; anything else as it is."""
    path = Path(target).expanduser()
    is_path = "/" in target and "://" not in target
    return path.absolute().as_uri() if is_path else target


def create_withdrawn(con: duckdb.DuckDBPyConnection) -> None:
    """Create the table `withdrawn`: every trajectory that a request of the lake matches, with the first such request.

    Connections made by `sibling_connection` see it.
    """
    create_temp_table(con, "requests", query("withdrawals", "all_requests"))
    _create_matched(con)
    create_shared_table(con, "withdrawn", query("withdrawals", "withdrawn"))


def _create_matched(con: duckdb.DuckDBPyConnection) -> None:
    [(any_url,)] = con.execute(ANY_URL).fetchall()
    create_temp_table(con, "addresses", query("withdrawals", "addresses"), {"any_url": any_url})
    create_temp_table(con, "exposure", query("withdrawals", "exposure"), {"any_url": any_url})
    create_temp_table(con, "matched", query("withdrawals", "matched"))
