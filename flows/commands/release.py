"""`factory release`: releases compared, and rows taken out of the next one."""

from typing import Annotated

import typer

from flows.commands.context import open_warehouse

app = typer.Typer(no_args_is_help=True, help="Compare releases; take rows out of the next one.")


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="A release: its id or name, the start of it, or its folder.")],
    after: Annotated[str, typer.Argument(help="The release to compare it with.")],
) -> None:
    """Show what came and went between two releases, and why."""
    from warehouse.lineage.lineage import print_release_diff

    with open_warehouse() as (con, _):
        print_release_diff(con, before, after)


@app.command()
def withdraw(
    what: Annotated[str, typer.Argument(help="A page's url, or a task's or trajectory's id (at least 8 characters).")],
    reason: Annotated[str, typer.Option(help="Why, for the manifest.")] = "takedown",
) -> None:
    """Take all that rests on a page, or one task or trajectory, out of every later release."""
    from flows.publish.withdraw import withdraw as take_out
    from warehouse.lake import Lake

    with open_warehouse() as (con, settings):
        found = take_out(con, Lake(settings.lake), what, reason)
    typer.echo(f"{len(found)} trajectories are withdrawn: {', '.join(id[:16] for id in found[:5])}")
    typer.echo("next: factory refine && factory publish make the next release without them")
