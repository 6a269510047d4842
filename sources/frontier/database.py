"""The SQLite file of the crawl frontier: opening, schema, statements and transactions, with errors that name the file.

One file in WAL mode with a single writer. A file of an earlier version of the factory gets the columns and tables
that it lacks.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from schemas.named_statements import load_statements

SQL = load_statements("sources.frontier", "frontier.sql")
ADDED_COLUMNS = {"warc_file": "add_warc_columns", "collection": "add_collections", "checked_at": "add_checks"}
"""Column of the table `known` -> the statements that add it, and all that came with it, to an earlier file."""


class FrontierError(Exception):
    """The frontier file is damaged or cannot be used. The message explains how to start a new one."""

    def __init__(self, path: Path, error: Exception | str) -> None:
        self.reason = str(error)
        super().__init__(
            f"{path} cannot be read: {error}. Run the crawl again, or `factory lake repair`: a damaged frontier is set "
            "aside, and pages are fetched again."
        )


@contextmanager
def frontier_errors(path: Path) -> Iterator[None]:
    """Raise errors of SQLite in the block, and rows that do not decode, as FrontierError."""
    try:
        yield
    except (sqlite3.DatabaseError, ValueError) as error:
        raise FrontierError(path, error) from error


class Database:
    """The open file, as a context manager. Raises FrontierError if it is damaged."""

    def __init__(self, path: Path) -> None:
        """Open or create the file."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with frontier_errors(path):
            self._db = sqlite3.connect(path, isolation_level=None)
        try:
            with frontier_errors(path):
                self._prepare()
        except FrontierError:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def _prepare(self) -> None:
        """Create the tables of a new file; raises FrontierError if a page of the file is damaged."""
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = normal")
        self.check_pages("quick_check(1)")
        if not self._db.execute("pragma schema_version").fetchone()[0]:
            self._db.executescript(f"begin; {SQL['create_tables']} commit;")
        present = {column[1] for column in self._db.execute("pragma table_info(known)")}
        for column, statements in ADDED_COLUMNS.items():
            if column not in present:
                self._db.executescript(f"begin; {SQL[statements]} commit;")

    def check_pages(self, pragma: str) -> None:
        """Run a check of SQLite's; raises FrontierError with the first fault that it finds."""
        if (found := self._db.execute(f"pragma {pragma}").fetchone()[0]) != "ok":
            raise FrontierError(self.path, found)

    def run(self, name: str, values: Sequence[object] | dict[str, Any]) -> int:
        """Run a statement; return the number of rows that it wrote."""
        with frontier_errors(self.path):
            return self._db.execute(SQL[name], values).rowcount

    def run_many(self, name: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement once for each row of values."""
        with frontier_errors(self.path):
            self._db.executemany(SQL[name], rows)

    def each(self, name: str) -> Iterator[Any]:
        """Yield the rows of a query one at a time."""
        with frontier_errors(self.path):
            yield from self._db.execute(SQL[name])

    def rows(self, name: str, values: Sequence[object] | dict[str, Any] = ()) -> list[Any]:
        """Return all rows of a query."""
        with frontier_errors(self.path):
            return self._db.execute(SQL[name], values).fetchall()

    def row(self, name: str, values: Sequence[object] | dict[str, Any]) -> Any:
        """Return the first row of a query, or None."""
        with frontier_errors(self.path):
            return self._db.execute(SQL[name], values).fetchone()

    @contextmanager
    def commit(self) -> Iterator[None]:
        """Run the block as one transaction, which an exception rolls back."""
        with frontier_errors(self.path):
            self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.DatabaseError):
                self._db.execute("rollback")
            raise
        with frontier_errors(self.path):
            self._db.execute("commit")
