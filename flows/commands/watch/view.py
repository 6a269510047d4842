"""`factory view`: pages of trajectories on loopback, for one attempt, one release, a query, or everything."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.context import local_path, open_warehouse


def view(
    selection: Annotated[
        str | None,
        typer.Argument(
            help="An attempt's or task's id, a release, or a query with a column trajectory_id.",
            metavar="ID|RELEASE|SQL",
        ),
    ] = None,
    audit: Annotated[
        Path | None, typer.Option(help="A file of `factory refine audit`, to fill in there.", callback=local_path)
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0: any that is free.")] = 0,
) -> None:
    """Read trajectories in a browser: lists, single attempts, two side by side, duplicates, an audit."""
    from flows.schedule.ports import require_free_port
    from flows.view.selection import select
    from flows.view.server import HOST, ViewServer
    from warehouse.lake import Lake

    with open_warehouse() as (con, settings):
        chosen = select(con, Lake(settings.lake), selection)
        if port:
            require_free_port(HOST, port)
        server = ViewServer(con, chosen, audit, port, settings.teacher.tokenizer or settings.teacher.model)
        typer.echo(f"{server.address}\nOpen it in a browser on this machine; Ctrl-C ends it.")
        server.run()
