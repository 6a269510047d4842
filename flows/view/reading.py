"""Reads the lake for the pages: each query on a connection of its own, so that a slow page holds up no other.

The lake may grow while the pages are open: every page reads what is there when it is asked for.
"""

import threading
from collections.abc import Iterator
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.connect import execute, sibling_connection

Row = dict[str, Any]
ROWS_AT_ONCE = 16
"""Turns that are in memory at once; some 3 MB for attempts of 262,144 tokens in 100 turns."""


class Reader:
    """Queries over one open connection, from any thread."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con, self._lock = con, threading.Lock()

    def select(self, ids: list[str] | None) -> None:
        """Limit the list of attempts to these; None: to none of them in particular."""
        table = pa.table({"trajectory_id": pa.array(ids or [], pa.string())})
        self.limited = ids is not None
        self._con.register("selected_ids", table)
        self._con.execute("create or replace table selection as from selected_ids")
        self._con.unregister("selected_ids")

    def rows(self, text: str, **parameters: object) -> list[Row]:
        """All rows of a query, as dictionaries by column."""
        return list(self.stream(text, **parameters))

    def stream(self, text: str, **parameters: object) -> Iterator[Row]:
        """The rows of a query as they are read. Its connection is closed at the end, or with the iterator."""
        with self.connection() as con:
            result = execute(con, text, parameters)
            names = [column[0] for column in result.description or ()]
            while rows := result.fetchmany(ROWS_AT_ONCE):
                yield from (dict(zip(names, row, strict=True)) for row in rows)

    def connection(self) -> duckdb.DuckDBPyConnection:
        """A connection to the same views, for one thread; the caller closes it."""
        with self._lock:
            return sibling_connection(self._con)
