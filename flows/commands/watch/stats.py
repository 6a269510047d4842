"""The command `factory stats`: funnel, lengths, tools and horizon, of the whole lake or of a part of it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.context import local_path, open_warehouse
from flows.commands.exit import fail

if TYPE_CHECKING:
    from warehouse.scope import Scope

Since = Annotated[str | None, typer.Option("--since", help="Only this night and later ones: YYYY-MM-DD.")]
Domain = Annotated[str | None, typer.Option("--domain", help="Only this domain.")]
Out = Annotated[Path | None, typer.Option(help="Also draw the lengths to this .svg or .png file.", callback=local_path)]


def stats(since: Since = None, domain: Domain = None, out: Out = None) -> None:
    """Show trajectory statistics: funnel, lengths, tools, and the horizon histogram."""
    from warehouse.console.stats import print_stats
    from warehouse.report.picture import check_picture, save_horizon
    from warehouse.scope import narrow

    scope = _scope(since, domain)
    with open_warehouse() as (con, _):
        if out:
            check_picture(out)
        narrow(con, scope)
        print_stats(con)
        if out:
            save_horizon(con, out)
            typer.echo(f"wrote {out}")


def _scope(since: str | None, domain: str | None) -> "Scope":
    from schemas.record import night_of
    from warehouse.scope import FIRST, Scope

    try:
        return Scope(since=str(night_of(since)) if since else FIRST, domain=domain)
    except ValueError as error:
        fail(f"--since: {error}")
