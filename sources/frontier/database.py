"""The SQLite file of the crawl frontier: opening, schema, statements and transactions, with errors that name the file.

One file in WAL mode with a single writer. A file of an earlier version of the factory gets the columns and tables
that it lacks.
"""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Self

from schemas.named_statements import load_statements

FILES = ("frontier.sql", "shard.sql", "moving.sql")
SQL = {name: text for file in FILES for name, text in load_statements("sources.frontier", file).items()}
ADDED_COLUMNS = {"warc_file": "add_warc_columns", "collection": "add_collections", "checked_at": "add_checks"}
"""Column of the table `known` -> the statements that add it, and all that came with it, to an earlier file."""


class FrontierError(Exception):
    """The frontier file is damaged or cannot be used. The message explains how to start a new one."""

    def __init__(self, path: Path, error: Exception | str) -> None:
        self.path, self.reason = path, str(error)
        super().__init__(
            f"{path} cannot be read: {error}. Run the crawl again, or `factory lake repair`: a damaged frontier is set "
            "aside, and pages are fetched again."
        )

    def __reduce__(self) -> tuple[type["FrontierError"], tuple[Path, str]]:
        return type(self), (self.path, self.reason)


class FrontierBusy(FrontierError):
    """Another process holds the frontier file."""

    def __init__(self, path: Path, error: Exception | str) -> None:
        super().__init__(path, error)
        self.args = (f"{path} is held by another process ({error}): run again once that has ended",)


@contextmanager
def frontier_errors(path: Path) -> Iterator[None]:
    """Raise errors of SQLite in the block, and rows that do not decode, as FrontierError; a held file: FrontierBusy."""
    try:
        yield
    except sqlite3.OperationalError as error:
        is_busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
        raise (FrontierBusy if is_busy else FrontierError)(path, error) from error
    except (sqlite3.DatabaseError, ValueError) as error:
        raise FrontierError(path, error) from error


class Database:
    """The open file, as a context manager. Raises FrontierError if it is damaged."""

    pragmas: ClassVar[Sequence[str]] = ("journal_mode = wal", "synchronous = normal")
    busy_s: ClassVar[float] = 5.0
    """Seconds to wait for another process that holds the file."""

    def __init__(self, path: Path, *, check: bool = True) -> None:
        """Open or create the file. `check`: read all its pages first."""
        self.path, self._check = path, check
        path.parent.mkdir(parents=True, exist_ok=True)
        with frontier_errors(path):
            self._db = sqlite3.connect(path, isolation_level=None, timeout=self.busy_s)
        try:
            with frontier_errors(path):
                self._prepare()
        except FrontierError:
            self._db.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self._db.close()

    def _prepare(self) -> None:
        """Create the tables of a new file; raises FrontierError if a page of the file is damaged."""
        for pragma in self.pragmas:
            self._db.execute(f"pragma {pragma}")
        if self._check:
            self.check_pages("quick_check(1)")
        if not self._db.execute("pragma schema_version").fetchone()[0]:
            self.script("create_tables")
        present = {column[1] for column in self._db.execute("pragma table_info(known)")}
        for column, statements in ADDED_COLUMNS.items():
            if column not in present:
                self.script(statements)

    def script(self, name: str) -> None:
        """Run the statements of a block as one transaction."""
        with frontier_errors(self.path):
            self._db.executescript(f"begin; {SQL[name]} commit;")

    @contextmanager
    def attached(self, path: Path, owns: Callable[[str], bool]) -> Iterator[None]:
        """Attach another frontier's file as `other` for the block; `owns` is a function of the statements."""
        with frontier_errors(path):
            self._db.create_function("owns", 1, owns, deterministic=True)
            self._db.execute("attach ? as other", (str(path),))
        try:
            yield
        finally:
            self._db.execute("detach other")

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
