"""The `factory` command line interface. Heavy imports happen inside the commands, so that --help answers at once.

A command parses its options and calls its room. The factory's own errors print as one message without a traceback
and end with exit code 1.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from flows.commands import deploy, imports, lake, notify, publish, refine, release, rollout, teacher
from flows.commands.context import (
    Day,
    MaxHours,
    MaxTokens,
    crawl_alone,
    open_warehouse,
    run_nightly,
)
from flows.commands.environments import environments
from flows.commands.exit import exit_after, fail
from flows.commands.export import export
from flows.commands.lineage import lineage
from flows.commands.serve import doctor, serve
from flows.commands.sources import sources
from flows.commands.tasks import tasks
from flows.commands.tasks.domains import domains
from flows.commands.tasks.rehearse import rehearse
from flows.commands.watch.capacity import capacity
from flows.commands.watch.report import report
from flows.commands.watch.scan import scan
from flows.commands.watch.sql import sql
from flows.commands.watch.stats import stats
from flows.commands.watch.view import view

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A data factory for long-horizon agent trajectories. Start with `factory run`.",
)


class Stage(StrEnum):
    """Steps of the nightly."""

    crawl = "crawl"
    tasks = "tasks"
    rollout = "rollout"
    judge = "judge"
    refine = "refine"
    publish = "publish"


@app.command()
def run(
    day: Day = None,
    only: Annotated[
        list[Stage] | None, typer.Option(help="Run this step only; give it again for further ones.")
    ] = None,
    max_tokens: MaxTokens = None,
    max_hours: MaxHours = None,
) -> None:
    """Run the nightly once, or resume an interrupted run."""
    run_nightly(day, [step.value for step in only or ()], max_tokens=max_tokens, max_hours=max_hours)


@app.command()
def crawl(day: Day = None) -> None:
    """Fetch pages of the sources into documents."""
    crawl_alone(day)


@app.command()
def judge(day: Day = None) -> None:
    """Let a model judge the attempts that it has not judged, by the settings of [judge]."""
    run_nightly(day, [Stage.judge.value])


for verb in (capacity, doctor, domains, export, lineage, publish.pull, rehearse, report, scan, serve, sql, stats, view):
    app.command()(verb)
app.command("import")(imports.import_files)
for room in (sources, tasks, rollout, refine, publish, release, lake, teacher, notify, deploy, environments):
    app.add_typer(room.app, name=room.__name__.rpartition(".")[2])


@app.command()
def init() -> None:
    """Write a commented factory.toml with every setting at its default."""
    from flows.settings import SETTINGS_FILE
    from flows.settings.file import commented_file

    path = Path(SETTINGS_FILE)
    if path.exists():
        fail(f"{path} already exists; delete or rename it first.")
    path.write_text(commented_file(), encoding="utf-8")
    typer.echo(f"wrote {path}")


@app.command()
def status() -> None:
    """Show the newest nights, the progress of each step, the newest rollout, and the funnel of the planned attempts."""
    from rich.console import Console

    from flows.notify.alert import last_alert_lines
    from flows.rollout.monitor.run_status import FILE, is_status_damaged, read_status
    from flows.rollout.monitor.status_display import status_table
    from flows.schedule.night_log import NightLog
    from flows.schedule.sentences import status_lines
    from warehouse.console.progress import stage_lines
    from warehouse.console.stats import funnel_table

    console = Console()
    with open_warehouse() as (con, settings):
        nights = status_lines(NightLog(settings.state), settings.schedule)
        for line in (*nights, *stage_lines(settings.state), *last_alert_lines(settings.state)):
            console.print(line, markup=False)
        if newest := read_status(settings.state):
            console.print(status_table(newest, con))
        elif is_status_damaged(settings.state):
            console.print(f"{settings.state / FILE} cannot be read; the next rollout writes it anew", markup=False)
        console.print(funnel_table(con))


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="A trajectory's id, or the start of it.")],
    full: Annotated[bool, typer.Option("--full", help="Do not shorten long messages.")] = False,
) -> None:
    """Show one trajectory: its task, turns, verdicts and decision."""
    from warehouse.console.viewer import print_trajectory

    with open_warehouse() as (con, _):
        print_trajectory(con, id, full=full)


@app.command()
def checks() -> None:
    """Run the lake's integrity checks; exit code 1 if one finds rows."""
    from warehouse.query import run_checks

    with open_warehouse() as (con, _):
        found = {name: rows for name, rows in run_checks(con).items() if rows}
    for name, rows in found.items():
        typer.echo(f"{name}: {rows} rows")
    if found:
        raise typer.Exit(1)
    typer.echo("every count adds up")


def main() -> None:
    """Entry point of the console script."""
    exit_after(app)
