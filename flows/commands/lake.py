"""`factory lake`: checks, repairs, compacts, measures, prunes and migrates the files of a home."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.context import read_settings
from flows.commands.exit import plain_errors

if TYPE_CHECKING:
    from flows.retention.record import Removable
    from warehouse.lake import Lake

app = typer.Typer(no_args_is_help=True, help="Check, repair, compact, measure, prune or migrate the lake's files.")
DryRun = Annotated[bool, typer.Option("--dry-run", help="List the parts to rewrite, and change nothing.")]


@app.callback()
def lake() -> None:
    """Check, repair, compact, measure, prune or migrate the lake's files."""


@app.command()
def check() -> None:
    """Read every file of lake, state and release whole; exit code 1 with a table if one is damaged."""
    from flows.commands.integrity.check_and_repair import print_check

    with plain_errors():
        sound = print_check(read_settings())
    if not sound:
        raise typer.Exit(1)


@app.command()
def repair() -> None:
    """Set damaged files aside, make again what can be made, and count what is lost; the same command resumes it."""
    from flows.commands.integrity.check_and_repair import repair_all
    from flows.schedule.run_lock import run_lock

    with plain_errors():
        settings = read_settings()
        with run_lock(settings.state):
            repair_all(settings)


@app.command()
def compact() -> None:
    """Merge the small parts of closed nights into large ones; each night ends with it, too.

    Queries may run meanwhile. After an interruption the same command continues.
    """
    from flows.closed_nights import compact_closed_nights
    from flows.schedule.history import current_night
    from flows.schedule.run_lock import run_lock
    from warehouse.console.progress import stage_bar

    with plain_errors():
        settings = read_settings()
        with run_lock(settings.state), stage_bar("compact", settings.state) as report:
            done = compact_closed_nights(settings, current_night(settings), report)
    for reason in done.left:
        typer.echo(f"not merged: {reason}", err=True)
    typer.echo(f"{done.before:,} parts of closed nights became {done.after:,}")


@app.command()
def du() -> None:
    """List what takes the space of the home, largest first."""
    from rich.console import Console

    from flows.retention.space import places
    from warehouse.console.terminal import cell, empty_table
    from warehouse.objects import ObjectPath

    table, total = empty_table(("place", "files", "MB", "content")), 0
    with plain_errors():
        settings = read_settings()
        for one in places(settings):
            table.add_row(*map(cell, (one.name, one.files, one.size / 1e6, one.meaning)))
            total += one.size
    Console().print(table)
    typer.echo(f"{total / 1e6:,.1f} MB in all")
    if isinstance(settings.lake, ObjectPath):
        typer.echo(f"bucket: {settings.lake}")


@app.command()
def prune(dry_run: Annotated[bool, typer.Option("--dry-run", help="List it, and remove nothing.")] = False) -> None:
    """Remove old data that `[retention]` lets go; each night ends with it, too.

    Nothing that a release needs for its lineage is removed. After an interruption the same command continues.
    """
    from flows.retention.candidates import candidates
    from flows.retention.prune import prune as remove
    from flows.schedule.history import current_night
    from flows.schedule.run_lock import run_lock
    from warehouse.console.progress import stage_bar

    with plain_errors():
        settings = read_settings()
        night = current_night(settings)
        with run_lock(settings.state):
            if dry_run:
                _print_removals(list(candidates(settings, night)), "would be removed")
                return
            with stage_bar("prune", settings.state) as report:
                removed = remove(settings, night, report)
    _print_removals(removed, "removed")


@app.command()
def migrate(dry_run: DryRun = False) -> None:
    """Rewrite a lake of an earlier schema version with the names that this factory reads.

    After an interruption the same command continues with the parts that are left.
    """
    from flows.schedule.run_lock import run_lock
    from warehouse.connect import rebuild_warehouse
    from warehouse.console.progress import stage_bar
    from warehouse.lake import Lake
    from warehouse.migrate import migrate as rewrite

    with plain_errors():
        settings = read_settings()
        lake = Lake(settings.lake)
        if dry_run:
            _print_outdated(lake)
            return
        with run_lock(settings.state), stage_bar("migrate", settings.state) as report:
            before = lake.version()
            rewritten = rewrite(lake, report)
        settings.warehouse.parent.mkdir(parents=True, exist_ok=True)
        rebuild_warehouse(settings.warehouse, lake)
    if before in (None, lake.version()):
        typer.echo(f"the lake has schema version {lake.version()} already: nothing to migrate")
    else:
        typer.echo(f"schema version {before} -> {lake.version()}: parts rewritten: {rewritten}")


def _print_removals(removed: "list[Removable]", outcome: str) -> None:
    from rich.console import Console

    from warehouse.console.terminal import cell, empty_table

    table = empty_table(("kind", "path", "MB", "reason"))
    for one in removed:
        table.add_row(*map(cell, (one.kind, str(one.path), one.size / 1e6, one.reason)))
    if removed:
        Console().print(table)
    typer.echo(f"{len(removed):,} entries {outcome}, {sum(one.size for one in removed) / 1e6:,.1f} MB")


def _print_outdated(lake: "Lake") -> None:
    from warehouse.migrate import outdated_parts

    parts = outdated_parts(lake)
    for part in parts:
        typer.echo(f"{part.path.relative_to(lake.root)}: {part.renames()}")
    typer.echo(f"parts to rewrite: {len(parts)}")
