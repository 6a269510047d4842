"""`factory refine` and its subcommands: prepare, explain, ablate, clusters and audit."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.context import Day, local_path, open_warehouse, read_settings, run_nightly
from flows.commands.exit import fail, plain_errors

app = typer.Typer(invoke_without_command=True, help="Decide on every trajectory: kept, or rejected with reasons.")


@app.callback()
def refine(context: typer.Context, day: Day = None) -> None:
    if context.invoked_subcommand is None:
        run_nightly(day, ["refine"])


@app.command()
def prepare(
    share: Annotated[
        str, typer.Option(help="Share of the parts to prepare, as NUMBER/COUNT: 2/8 is the second of eight.")
    ] = "1/1",
) -> None:
    """Prepare turns for refine ahead of time, spread over processes or machines that share this home."""
    from flows.refine.background_prepare import prepare as prepare_share
    from warehouse.console.progress import stage_bar

    with plain_errors():
        settings, limits = read_settings(), _share(share)
        with stage_bar("prepare", settings.state) as report:
            limit = settings.refine.memory_limit
            prepared, parts = prepare_share(settings, share=limits, memory_limit=limit, report=report)
    typer.echo(
        f"share {share}: {parts} parts of turns, {prepared} of them prepared now. After all shares: factory refine"
    )


def _share(text: str) -> tuple[int, int]:
    number, _, count = text.partition("/")
    if not (number.isdecimal() and count.isdecimal() and 1 <= int(number) <= int(count)):
        fail(f"--share {text!r} is invalid: write NUMBER/COUNT, such as 2/8 for the second of eight.")
    return int(number), int(count)


@app.command()
def explain(id: Annotated[str, typer.Argument(help="A trajectory's id, or the start of it.")]) -> None:
    """Show every gate's answer on one trajectory."""
    from rich import print as echo

    from flows.refine.gates.explain import explain as explain_trajectory

    with open_warehouse() as (con, _):
        echo(explain_trajectory(con, id))


@app.command()
def ablate() -> None:
    """Show the funnel with each gate left out in turn: the rows and tokens that the gate alone removes."""
    from rich import print as echo

    from flows.refine.gates.ablate import ablate as ablation_table

    with open_warehouse() as (con, _):
        echo(ablation_table(con))


@app.command()
def clusters(
    limit: Annotated[int, typer.Option(min=1, help="Number of clusters, the largest first.")] = 20,
) -> None:
    """List clusters of duplicates: size, keeper, members, and the similarity of each to the keeper."""
    from rich import print as echo

    from flows.refine.dedupe.clusters import list_clusters

    with open_warehouse() as (con, _):
        echo(list_clusters(con, limit))


@app.command()
def audit(
    n: Annotated[int, typer.Option("--n", min=1, help="Trajectories to check.")] = 50,
    seed: Annotated[int, typer.Option(help="Seed of the sample.")] = 0,
    out: Annotated[Path | None, typer.Option(help="Write the sample to this CSV file.", callback=local_path)] = None,
    read: Annotated[
        Path | None, typer.Option(help="Read this file after a person has filled it in.", callback=local_path)
    ] = None,
) -> None:
    """Draw a sample for a person to check, or read it back: each verifier's error rate, with a 95 % interval."""
    from datetime import UTC, datetime

    from rich import print as echo

    from flows.refine import audit as auditing
    from warehouse.lake import Lake

    with open_warehouse() as (con, settings):
        if read is None:
            path = out or auditing.default_file(datetime.now(UTC).date(), seed)
            drawn = auditing.draw_sample(con, settings, n, seed, path)
            typer.echo(f"wrote {path}: {drawn} answers. Write yes or no in the column 'is_correct', then run:")
            typer.echo(f"factory refine audit --read {path}")
            return
        filled, still_open = auditing.read_labels(con, Lake(settings.lake), settings, read)
        typer.echo(f"{filled} answers labelled, {still_open} left empty")
        echo(auditing.error_rates(con))
