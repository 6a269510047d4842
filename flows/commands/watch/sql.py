"""`factory sql`: one query of the lake, or a prompt for many."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.context import local_path, open_warehouse


class Format(StrEnum):
    """Output formats of rows."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


def sql(
    query: Annotated[
        str | None,
        typer.Argument(help="A read-only query over the views and marts, or the name of a question; none: a prompt."),
    ] = None,
    format: Annotated[Format, typer.Option(help="Output format.")] = Format.table,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead.", callback=local_path)] = None,
) -> None:
    """Query the lake in SQL, also during a run. Without a query, read them at a prompt or one from standard input."""
    with open_warehouse() as (con, settings):
        if query is None and sys.stdin.isatty():
            from warehouse.connect import catalogue
            from warehouse.lake import Lake
            from warehouse.prompt.sql_prompt import SqlPrompt

            SqlPrompt(con, catalogue(Lake(settings.lake)), settings.state / "sql_history").run()
        else:
            from warehouse.prompt.questions import query_text
            from warehouse.query import print_sql

            print_sql(con, query_text(sys.stdin.read() if query is None else query), format.value, out)
