"""Runs read-only SQL over the views and marts for people and programs (`factory sql`), and the integrity checks.

A query can read the lake and nothing else: statements that write, attach, install or set are refused by their type, and
the connection loses access to other files before the query runs. It takes no lock, so it answers while a run writes.
"""

import csv
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import duckdb
import orjson
import pyarrow.parquet as pq
from rich.console import Console

from warehouse.connect import connect, execute, forbid_external_access, sql_files
from warehouse.console.terminal import cell, empty_table
from warehouse.lake import Lake

FETCH_ROWS = 1_000
TABLE_ROWS = 1_000
"""Rows of a table in the terminal at most; other formats give all rows."""
UNBOUNDED_WIDTH = 10_000
"""Characters per line of output that does not go to a terminal."""


class QueryError(Exception):
    """The query was refused or failed; the message gives the reason."""


def print_sql(con: duckdb.DuckDBPyConnection, text: str, form: str = "table", out: Path | None = None) -> None:
    """Write the rows of one query as `table`, `csv`, `json` or `parquet`, to standard output or to the file `out`.

    The connection loses access to files outside the lake. Raises QueryError if the statement does more than read, or
    fails, and for another format.
    """
    writers: dict[str, Callable[[duckdb.DuckDBPyConnection, str, IO[bytes]], None]] = {
        "table": _table,
        "csv": _csv,
        "json": _json,
        "parquet": _parquet,
    }
    if form not in writers:
        raise QueryError(f"unknown format {form!r}; choose one of {', '.join(writers)}")
    select = only_select(con, text)
    forbid_external_access(con)
    with _errors_of(text), _open(out) as sink:
        writers[form](con, select, sink)


def only_select(con: duckdb.DuckDBPyConnection, text: str) -> str:
    """The text of the one statement; raises QueryError if it does more than read."""
    with _errors_of(text):
        statements = con.extract_statements(text)
    if len(statements) != 1:
        raise QueryError(f"expected one statement, found {len(statements)}")
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = statements[0].type.name
        raise QueryError(f"{kind} is refused: only select, from, values, with, describe, show and summarize read")
    return str(statements[0].query)


def selected_ids(lake: Lake, text: str) -> list[str]:
    """The distinct values of the column trajectory_id of one query, sorted.

    It runs on a connection of its own, as `factory sql` runs it. Raises QueryError as print_sql does, and if the query
    has no such column.
    """
    with connect(lake) as con:
        select = only_select(con, text).rstrip().rstrip(";")
        forbid_external_access(con)
        with _errors_of(text):
            columns = [column[0] for column in con.execute(f"describe {select}").fetchall()]
            if "trajectory_id" not in columns:
                raise QueryError(f"the query has no column trajectory_id; it has {', '.join(columns)}")
            rows = con.execute(f"select distinct trajectory_id from ({select}\n) order by all").fetchall()
    return [str(id) for (id,) in rows if id is not None]


def run_checks(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Run every file of `sql/checks`; returns check -> number of violations, 0 in a sound lake."""
    return {name: len(execute(con, text).fetchall()) for name, text in sql_files("checks").items()}


@contextmanager
def _errors_of(text: str) -> Iterator[None]:
    try:
        yield
    except duckdb.Error as error:
        raise QueryError(f"{error}\nin: {text}") from error


@contextmanager
def _open(out: Path | None) -> Iterator[IO[bytes]]:
    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    temporary = out.with_name(f".{out.name}.tmp")
    try:
        with temporary.open("wb") as sink:
            yield sink
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)


def _rows(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[object, ...]]:
    while rows := con.fetchmany(FETCH_ROWS):
        yield from rows


def _columns(con: duckdb.DuckDBPyConnection) -> list[str]:
    return [column[0] for column in con.description or ()]


def _table(con: duckdb.DuckDBPyConnection, text: str, sink: IO[bytes]) -> None:
    con.execute(text)
    table = empty_table(_columns(con))
    for number, row in enumerate(_rows(con)):
        if number == TABLE_ROWS:
            table.caption = f"the first {TABLE_ROWS:,} rows; csv, json and parquet give all rows"
            break
        table.add_row(*map(cell, row))
    console = Console(width=None if sys.stdout.isatty() else UNBOUNDED_WIDTH)
    with console.capture() as captured:
        console.print(table)
    sink.write(captured.get().encode("utf-8", "replace"))


def _csv(con: duckdb.DuckDBPyConnection, text: str, sink: IO[bytes]) -> None:
    con.execute(text)
    lines = csv.writer(_Encoded(sink), lineterminator="\n")
    lines.writerow(_columns(con))
    for row in _rows(con):
        lines.writerow([_json_text(value) if isinstance(value, list | dict) else value for value in row])


def _json(con: duckdb.DuckDBPyConnection, text: str, sink: IO[bytes]) -> None:
    con.execute(text)
    names = _columns(con)
    separator = b"[\n"
    for row in _rows(con):
        sink.write(separator + _json_text(dict(zip(names, row, strict=True))).encode())
        separator = b",\n"
    sink.write(b"[]\n" if separator == b"[\n" else b"\n]\n")


def _parquet(con: duckdb.DuckDBPyConnection, text: str, sink: IO[bytes]) -> None:
    reader = con.sql(text).to_arrow_reader(FETCH_ROWS)
    with pq.ParquetWriter(sink, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)


def _json_text(value: object) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class _Encoded:
    """A text stream for csv.writer that encodes to UTF-8; unpaired surrogates become question marks."""

    def __init__(self, sink: IO[bytes]) -> None:
        self.sink = sink

    def write(self, text: str) -> int:
        return self.sink.write(text.encode("utf-8", "replace"))
