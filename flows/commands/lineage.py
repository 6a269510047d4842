"""`factory lineage`: from a released row to its pages and raw responses, or from a page to every row made from it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.context import local_path, open_warehouse
from flows.commands.exit import fail

if TYPE_CHECKING:
    from flows.settings import Settings


def lineage(
    row: Annotated[str | None, typer.Argument(help="A trajectory's id or the start of it, or shard:row.")] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="List every row that depends on this page instead: by any of its addresses, a path, or a collection."
        ),
    ] = None,
    raw: Annotated[
        Path | None,
        typer.Option(
            help="Write the verified raw response of each page of the row to this folder.", callback=local_path
        ),
    ] = None,
) -> None:
    """Trace a released row to the pages that it depends on, or a page to every row."""
    from warehouse.lineage.lineage import print_lineage, print_url_lineage

    if (row is None) == (url is None) or (url and raw):
        fail("give either a row's id, with or without --raw, or --url.")
    with open_warehouse() as (con, settings):
        if url:
            print_url_lineage(con, url)
            return
        pages = print_lineage(con, (row or "").strip())
        if raw:
            _write_raw(settings, pages, raw)


def _write_raw(settings: "Settings", pages: list[dict[str, object]], folder: Path) -> None:
    from flows.crawl.raw_responses import write_raw_responses
    from flows.retention.record import RAW, removed_paths
    from warehouse.console.terminal import visible
    from warehouse.lake import Lake

    damaged = 0
    typer.echo("raw responses")
    for response in write_raw_responses(Lake(settings.lake), pages, folder, removed_paths(settings.state, RAW)):
        typer.echo("  " + visible(response.line, lines=False))
        damaged += response.damaged
    if damaged:
        fail(f"{damaged} raw responses cannot be read; the list above gives the reason for each.")
