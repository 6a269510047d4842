"""`factory refine`: the stage alone, and questions on what it decided and why."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.context import Day, open_warehouse, read_settings, run_nightly
from flows.commands.exit import fail, plain_errors

app = typer.Typer(invoke_without_command=True, help="Decide on every trajectory: kept, or rejected with reasons.")


@app.callback()
def refine(context: typer.Context, day: Day = None) -> None:
    if context.invoked_subcommand is None:
        run_nightly(day, "refine")


@app.command()
def prepare(
    share: Annotated[
        str, typer.Option(help="Which of how many shares of the parts: 2/8 is the second of eight.")
    ] = "1/1",
) -> None:
    """Read long text before refine does, spread over processes or machines that see this home."""
    from flows.refine.background_prepare import prepare as prepare_share
    from warehouse.console.progress import stage_bar

    with plain_errors():
        settings, limits = read_settings(), _share(share)
        with stage_bar("prepare", settings.state) as report:
            limit = settings.refine.memory_limit
            lacked, parts = prepare_share(settings, share=limits, memory_limit=limit, report=report)
    typer.echo(f"share {share}: {parts} parts of turns, {lacked} of them read now. When all shares are: factory refine")


def _share(text: str) -> tuple[int, int]:
    which, _, of = text.partition("/")
    if not (which.isdecimal() and of.isdecimal() and 1 <= int(which) <= int(of)):
        fail(f"--share {text!r} is no share; 2/8 is the second of eight.")
    return int(which), int(of)


@app.command()
def explain(id: Annotated[str, typer.Argument(help="A trajectory's id, or the start of it.")]) -> None:
    """Say what every gate said of one trajectory."""
    from rich import print as echo

    from flows.refine.gates.explain import explained

    with open_warehouse() as (con, _):
        echo(explained(con, id))


@app.command()
def ablate() -> None:
    """Show the funnel with each gate left out in turn: the rows and tokens that it alone removes."""
    from rich import print as echo

    from flows.refine.gates.ablate import ablated

    with open_warehouse() as (con, _):
        echo(ablated(con))


@app.command()
def clusters(
    limit: Annotated[int, typer.Option(min=1, help="Clusters shown, the largest first.")] = 20,
) -> None:
    """List clusters of duplicates: size, keeper, members and how similar each is to the keeper."""
    from rich import print as echo

    from flows.refine.dedupe.clusters import clusters as listed

    with open_warehouse() as (con, _):
        echo(listed(con, limit))


@app.command()
def audit(
    n: Annotated[int, typer.Option("--n", min=1, help="Trajectories to check.")] = 50,
    seed: Annotated[int, typer.Option(help="Seed of the draw.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Write the sample to this CSV file.")] = None,
    read: Annotated[Path | None, typer.Option(help="Read the file that a person filled in.")] = None,
) -> None:
    """Draw a sample for a person to check, or read it back: each verifier's error rate, with a 95 % interval."""
    from datetime import UTC, datetime

    from rich import print as echo

    from flows.refine import audit as auditing
    from warehouse.lake import Lake

    with open_warehouse() as (con, settings):
        if read is None:
            path = out or auditing.default_file(datetime.now(UTC).date(), seed)
            drawn = auditing.draw(con, settings, n, seed, path)
            typer.echo(f"wrote {path}: {drawn} answers. Write yes or no in the column 'is_correct', then:")
            typer.echo(f"factory refine audit --read {path}")
            return
        filled, still_open = auditing.read(con, Lake(settings.lake), settings, read)
        typer.echo(f"{filled} answers checked, {still_open} left open")
        echo(auditing.errors(con))
