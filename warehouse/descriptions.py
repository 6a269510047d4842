"""Says what each view and column of the warehouse means, for comments in `warehouse.duckdb`, completion and the docs.

A view's meaning is the grain that its file opens with. A column's stands in `sql/columns.toml` under its view, else it
is that of the view or record which the column is read from unchanged, else it stands under `[shared]`.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import duckdb

from schemas import RECORDS, Record, arrow_schema

_SOURCE = re.compile(r"\b(?:from|join)\s+(\w+)")
_COLUMNS = "select table_name, column_name, data_type from duckdb_columns() where not internal order by column_index"


@dataclass(frozen=True)
class Column:
    """A column of a view, with its DuckDB type; the text is empty if nothing describes it."""

    name: str
    type: str
    text: str


@dataclass(frozen=True)
class View:
    """A view or mart, with the grain (`one row per ...`) that its file opens with."""

    name: str
    grain: str
    columns: tuple[Column, ...]


def described_views(con: duckdb.DuckDBPyConnection, texts: Mapping[str, str]) -> list[View]:
    """The views of a connection that `texts` (name -> SQL) defines, each after those that it reads."""
    columns: dict[str, list[tuple[str, str]]] = {}
    for view, name, kind in con.execute(_COLUMNS).fetchall():
        columns.setdefault(view, []).append((name, kind))
    known = {f"{model.record}_parts": record_columns(model) for model in RECORDS}
    found = []
    for name, text in texts.items():
        meanings = _meanings(name, text, [column for column, _ in columns[name]], known)
        known[name] = meanings
        found.append(View(name, grain(text), tuple(Column(c, kind, meanings[c]) for c, kind in columns[name])))
    return found


def comment_statements(views: list[View]) -> str:
    """SQL that stores the descriptions as comments of views and columns."""
    lines = []
    for view in views:
        lines.append(f"comment on view {view.name} is {_literal(view.grain)};")
        lines += [
            f'comment on column {view.name}."{column.name}" is {_literal(column.text)};' for column in view.columns
        ]
    return "\n".join(lines)


def grain(text: str) -> str:
    """The comment that a SQL file opens with, as one line."""
    lines = text.splitlines()
    count = next((n for n, line in enumerate(lines) if not line.startswith("--")), len(lines))
    return " ".join(line.removeprefix("--").strip() for line in lines[:count])


def record_columns(model: type[Record]) -> dict[str, str]:
    """Column -> description of a record, with the partition that its parts have."""
    fields = {field.name: field.metadata[b"description"].decode() for field in arrow_schema(model)}
    return fields | declared()["parts"]


@cache
def declared() -> dict[str, dict[str, str]]:
    """The tables of `sql/columns.toml`: view -> column -> text, and those that several views share."""
    text = files("warehouse").joinpath("sql", "columns.toml").read_text("utf-8")
    return {view: dict(columns) for view, columns in tomllib.loads(text).items()}


def _meanings(view: str, text: str, columns: list[str], known: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    own, shared = declared().get(view, {}), declared()["shared"]
    sources = [known[name] for name in dict.fromkeys(_SOURCE.findall(text)) if name in known and name != view]
    found = {}
    for column in columns:
        computed = re.search(rf"\bas {column}\b", text) is not None
        read = next((source[column] for source in sources if column in source), "") if not computed else ""
        found[column] = own.get(column) or read or shared.get(column, "")
    return found


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
