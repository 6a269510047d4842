"""From a released row back to the pages it rests on, from a page to every row, and from one release to the next.

Trust in a row ends where its origin cannot be named, and a takedown must find all that a page touched: what
was made from it, what opened it, and what was only shown its address. Page texts are asked only for that last.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.text import Text

from schemas import Manifest
from warehouse.connect import keep_as, run, sql_files
from warehouse.console.terminal import cell, empty_table, visible
from warehouse.lineage.release_diff import changed
from warehouse.takedown import keep_meant

Row = dict[str, Any]


class LineageError(Exception):
    """Nothing, or too much, goes by what was asked for; says what there is."""


def rows_of(con: duckdb.DuckDBPyConnection, name: str, **parameters: object) -> list[Row]:
    """The rows of a query of sql/lineage, as dictionaries by column."""
    answered = run(con, sql_files("lineage")[name], parameters)
    names = [column[0] for column in answered.description or ()]
    return [dict(zip(names, row, strict=True)) for row in answered.fetchall()]


def print_lineage(con: duckdb.DuckDBPyConnection, id: str) -> list[Row]:
    """Walk from a released row (a trajectory's id or the start of it, or shard:row) to its pages; returns those.

    Raises LineageError when no released row, or rows of several trajectories, go by `id`.
    """
    released = rows_of(con, "released", id=id) if id else []
    found = sorted({row["trajectory_id"] for row in released})
    if not found:
        raise LineageError(f'no released row goes by {id!r}. `factory sql "from published"` lists those of the newest')
    if len(found) > 1:
        raise LineageError(f"{len(found)} released rows begin with {id!r}, such as {found[0][:16]}: write more of it")
    console, pages = Console(), _pages(con, found[0])
    for title, columns, rows in (
        ("released as", ("location", "shard", "row", "split"), released),
        ("trajectory", ("trajectory_id", "task_id", "run_id", "teacher_model"), _origin(con, found[0])),
        ("imported from", ("file", "row", "format", "license", "file_sha256"), _imported(con, found[0])),
        ("pages", ("role", "url", "fetched_at", "content_sha256", "raw"), pages),
    ):
        if rows:
            console.print(Text(title, style="bold"))
        for row in rows:
            console.print(_line(row[name] for name in columns), soft_wrap=True)
    return pages


def print_url_lineage(con: duckdb.DuckDBPyConnection, url: str) -> list[str]:
    """List every trajectory that rests on a url, a line for each place where it is released; returns their ids."""
    keep_meant(con, url)
    console, rows = Console(), rows_of(con, "of_url")
    found = list(dict.fromkeys(str(row["trajectory_id"]) for row in rows))
    console.print(Text(visible(f"{len(found)} trajectories rest on {url}", lines=False), style="bold"), soft_wrap=True)
    for row in rows:
        console.print(_line(row.values()), soft_wrap=True)
    return found


def print_release_diff(con: duckdb.DuckDBPyConnection, before: str, after: str) -> None:
    """Show how two releases differ: rows and tokens by domain, what made them, what came and went and why.

    Raises LineageError when one of them is no recorded release.
    """
    console, first, second = Console(), release_named(con, before), release_named(con, after)
    pair = {"before": first["release_id"], "after": second["release_id"]}
    console.print(Text(visible(_headline(first, second))))
    for line in changed(*(Manifest.model_validate_json(one["manifest"]) for one in (first, second))):
        console.print(Text(visible(line)))
    domains = empty_table(("domain", "rows before", "rows after", "tokens before", "tokens after"), "domains")
    for row in rows_of(con, "domains", **pair):
        domains.add_row(*map(cell, row.values()))
    console.print(domains)
    keep_as(con, "changes", sql_files("lineage")["changes"], pair)
    changes = empty_table(("change", "reason", "domain", "trajectories", "tokens"), "came and went")
    for row in rows_of(con, "change_counts"):
        changes.add_row(*map(cell, row.values()))
    console.print(changes)


def release_named(con: duckdb.DuckDBPyConnection, id: str) -> Row:
    """The one release that an id, a name, the start of one, or its folder or address means; raises LineageError."""
    place = Path(id)
    name = place.resolve().name if place.is_symlink() else place.name if "/" in id else id
    found = rows_of(con, "releases", id=name) if name else []
    if len(found) != 1:
        raise LineageError(
            f'{len(found)} releases go by {id!r}. `factory sql "select release_id, location from releases"` lists all'
        )
    return found[0]


def _origin(con: duckdb.DuckDBPyConnection, trajectory_id: str) -> list[Row]:
    return rows_of(con, "origin", trajectory_id=trajectory_id)


def _imported(con: duckdb.DuckDBPyConnection, trajectory_id: str) -> list[Row]:
    return rows_of(con, "imported", trajectory_id=trajectory_id)


def _pages(con: duckdb.DuckDBPyConnection, trajectory_id: str) -> list[Row]:
    rows = rows_of(con, "pages", trajectory_id=trajectory_id)
    return [row | {"raw": f"{row['warc_file']}@{row['warc_offset']}" if row["warc_file"] else None} for row in rows]


def _line(values: Iterable[object]) -> Text:
    """Values in one line that can be copied whole, whatever the terminal's width."""
    return Text("  " + "  ".join("-" if value is None else visible(str(value), lines=False) for value in values))


def _headline(first: Row, second: Row) -> str:
    rows, tokens = second["rows"] - first["rows"], second["tokens"] - first["tokens"]
    return f"{first['name']} -> {second['name']}: {rows:+,} rows, {tokens:+,} tokens"
