"""Traces lineage: from a released row back to its pages, from a page to every row that depends on it.

A takedown must find everything that a page touched: tasks composed from it, trajectories that opened it, and
observations that contain its URL. Observations are read only for the last of these.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.text import Text

from schemas import Manifest
from warehouse.connect import create_temp_table, execute, query
from warehouse.console.terminal import cell, empty_table, visible
from warehouse.lineage.release_diff import manifest_changes
from warehouse.takedown import match_request

Row = dict[str, Any]
MAX_OTHERS = 20
"""Further addresses of a page that are printed."""


class LineageError(Exception):
    """The id matches no row or release, or several; the message gives a query that lists them."""


def query_rows(con: duckdb.DuckDBPyConnection, name: str, **parameters: object) -> list[Row]:
    """The rows of a query of sql/lineage, as dictionaries by column."""
    result = execute(con, query("lineage", name), parameters)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def print_lineage(con: duckdb.DuckDBPyConnection, id: str) -> list[Row]:
    """Print where a row is released, its trajectory, and the pages that it depends on; returns the pages.

    `id` is a trajectory's id or the start of it, or shard:row of the newest release. Raises LineageError if it matches
    no released row, or rows of several trajectories.
    """
    released = query_rows(con, "matching_rows", id=id) if id else []
    trajectory_id = _only_trajectory(released, id)
    console, pages = Console(), _source_pages(con, trajectory_id)
    for title, columns, rows in (
        ("released as", ("location", "shard", "row", "split"), released),
        ("trajectory", ("trajectory_id", "task_id", "run_id", "teacher_model"), _of(con, "origin", trajectory_id)),
        (
            "imported from",
            ("file", "row", "format", "license", "file_sha256"),
            _of(con, "import_source", trajectory_id),
        ),
        ("pages", ("role", "url", "fetched_at", "content_sha256", "raw"), pages),
    ):
        if rows:
            console.print(Text(title, style="bold"))
        for row in rows:
            console.print(_line(row[name] for name in columns), soft_wrap=True)
    return pages


def print_url_lineage(con: duckdb.DuckDBPyConnection, url: str) -> list[str]:
    """Print every trajectory that depends on a page, one line per release location; returns the trajectories' ids.

    `url` may be any address of the page that the lake has seen, a path of this machine, or a collection of pages.
    """
    match_request(con, url)
    console, rows = Console(), query_rows(con, "url_trajectories")
    found = list(dict.fromkeys(str(row["trajectory_id"]) for row in rows))
    title = f"{len(found)} {'trajectory depends' if len(found) == 1 else 'trajectories depend'} on {url}"
    console.print(Text(visible(title, lines=False), style="bold"), soft_wrap=True)
    others = [str(row["url"]) for row in query_rows(con, "other_addresses")]
    for other in others[:MAX_OTHERS]:
        console.print(_line(("also", other)), soft_wrap=True)
    if len(others) > MAX_OTHERS:
        console.print(_line(("also", f"{len(others) - MAX_OTHERS:,} more addresses")), soft_wrap=True)
    for row in rows:
        console.print(_line(row.values()), soft_wrap=True)
    return found


def print_release_diff(con: duckdb.DuckDBPyConnection, before: str, after: str) -> None:
    """Print how two releases differ: rows and tokens per domain, settings and gates, and trajectories with reasons.

    Raises LineageError if `before` or `after` names no recorded release, or several.
    """
    console, first, second = Console(), find_release(con, before), find_release(con, after)
    pair = {"before": first["release_id"], "after": second["release_id"]}
    console.print(Text(visible(_headline(first, second))))
    for line in manifest_changes(*(Manifest.model_validate_json(one["manifest"]) for one in (first, second))):
        console.print(Text(visible(line)))
    domains = empty_table(("domain", "rows before", "rows after", "tokens before", "tokens after"), "domains")
    for row in query_rows(con, "domain_totals", **pair):
        domains.add_row(*map(cell, row.values()))
    console.print(domains)
    create_temp_table(con, "changes", query("lineage", "changes"), pair)
    changes = empty_table(("change", "reason", "domain", "trajectories", "tokens"), "added and removed")
    for row in query_rows(con, "change_counts"):
        changes.add_row(*map(cell, row.values()))
    console.print(changes)


def find_release(con: duckdb.DuckDBPyConnection, id: str) -> Row:
    """Find one release by its id, its name, the start of either, or its folder or address; raises LineageError."""
    place = Path(id)
    name = place.resolve().name if place.is_symlink() else place.name if "/" in id else id
    found = query_rows(con, "matching_releases", id=name) if name else []
    if len(found) != 1:
        raise LineageError(
            f'{len(found)} releases match {id!r}. `factory sql "select release_id, location from releases"` lists all'
        )
    return found[0]


def _only_trajectory(released: list[Row], id: str) -> str:
    found = sorted({str(row["trajectory_id"]) for row in released})
    if not found:
        raise LineageError(f'no released row has id {id!r}. `factory sql "from published"` lists the newest release')
    if len(found) > 1:
        raise LineageError(f"{len(found)} released rows begin with {id!r}, such as {found[0][:16]}: write more of it")
    return found[0]


def _of(con: duckdb.DuckDBPyConnection, name: str, trajectory_id: str) -> list[Row]:
    return query_rows(con, name, trajectory_id=trajectory_id)


def _source_pages(con: duckdb.DuckDBPyConnection, trajectory_id: str) -> list[Row]:
    rows = _of(con, "source_pages", trajectory_id)
    return [row | {"raw": f"{row['warc_file']}@{row['warc_offset']}" if row["warc_file"] else None} for row in rows]


def _line(values: Iterable[object]) -> Text:
    """Values in one line, which is not wrapped so that it can be copied from any terminal."""
    return Text("  " + "  ".join("-" if value is None else visible(str(value), lines=False) for value in values))


def _headline(first: Row, second: Row) -> str:
    rows, tokens = second["rows"] - first["rows"], second["tokens"] - first["tokens"]
    return f"{first['name']} -> {second['name']}: {rows:+,} rows, {tokens:+,} tokens"
