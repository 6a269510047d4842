"""`factory release`: compare releases, and withdraw rows from later ones."""

from typing import Annotated

import typer

from flows.commands.context import open_warehouse

app = typer.Typer(no_args_is_help=True, help="Compare releases; withdraw rows from later ones.")


@app.command()
def diff(
    before: Annotated[str, typer.Argument(help="A release: its id or name, the start of it, or its folder.")],
    after: Annotated[str, typer.Argument(help="The release to compare it with.")],
) -> None:
    """Show the rows added and removed between two releases, with the reasons."""
    from warehouse.lineage.lineage import print_release_diff

    with open_warehouse() as (con, _):
        print_release_diff(con, before, after)


@app.command()
def withdraw(
    target: Annotated[
        str, typer.Argument(help="A page's url, or a task's or trajectory's id (at least 8 characters).")
    ],
    reason: Annotated[str, typer.Option(help="Reason, for the manifest.")] = "takedown",
) -> None:
    """Withdraw the trajectories of a page, of a task, or one trajectory from every later release."""
    from flows.publish.withdraw import withdraw as record_withdrawal
    from warehouse.lake import Lake

    with open_warehouse() as (con, settings):
        withdrawn = record_withdrawal(con, Lake(settings.lake), target, reason)
    counted = "1 trajectory is" if len(withdrawn) == 1 else f"{len(withdrawn)} trajectories are"
    typer.echo(f"{counted} withdrawn: {', '.join(id[:16] for id in withdrawn[:5])}")
    typer.echo("next: factory refine && factory publish make a release without the withdrawn rows")
