"""Finds what the argument of `factory view` names: an attempt or a task, a release, or a query for attempts.

A query runs as `factory sql` runs it: it may read the lake and nothing else.
"""

from dataclasses import dataclass

import duckdb

from warehouse.connect import execute, query
from warehouse.lake import Lake
from warehouse.lineage.lineage import LineageError, find_release
from warehouse.query import selected_ids


class SelectionError(Exception):
    """The argument names nothing in the lake; the message gives the next step."""


@dataclass(frozen=True)
class Selection:
    """The page to open first, and the attempts of the list; None: all."""

    path: str = "/"
    ids: list[str] | None = None
    title: str = ""


def select(con: duckdb.DuckDBPyConnection, lake: Lake, text: str | None) -> Selection:
    """The selection that an argument names. Raises SelectionError, and QueryError for a query that fails."""
    if not text:
        return Selection()
    if len(text.split()) > 1:
        return Selection(ids=selected_ids(lake, text), title=text)
    found = execute(con, query("viewer", "matching_attempts"), {"id": text}).fetchall()
    if len({task for _, task, *_ in found}) == 1:
        attempt, task = found[0][:2]
        return Selection(f"/attempts/{attempt}" if len(found) == 1 else f"/tasks/{task}")
    if found:
        return Selection(ids=[row[0] for row in found], title=f"ids that begin with {text}")
    return _released(con, text)


def _released(con: duckdb.DuckDBPyConnection, text: str) -> Selection:
    try:
        release = find_release(con, text)
    except LineageError as error:
        raise SelectionError(
            f"{text!r} is no id of an attempt, a task or a release, nor a query such as "
            f'"from trajectories where status = \'turn_cap\'": `factory sql "from fates"` lists all attempts'
        ) from error
    rows = execute(con, query("view", "released_ids"), {"release_id": release["release_id"]}).fetchall()
    return Selection(ids=[id for (id,) in rows], title=f"release {release['name']}")
