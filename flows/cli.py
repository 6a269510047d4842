"""The `factory` command. Imports wait until a verb needs them, so that --help answers at once.

A verb does one thing and leaves the work to its room; errors that the factory knows are printed as one
message without a traceback, and end with exit code 1.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.ending import fail, leave, plain_errors

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from flows.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A data factory for long-horizon agent trajectories. Start with `factory run`.",
)
teacher_app = typer.Typer(no_args_is_help=True, help="The teacher's own environment.")
app.add_typer(teacher_app, name="teacher")


class Stage(StrEnum):
    """The steps of the nightly."""

    crawl = "crawl"
    tasks = "tasks"
    rollout = "rollout"
    refine = "refine"
    publish = "publish"


class Format(StrEnum):
    """How rows are printed."""

    table = "table"
    csv = "csv"
    json = "json"
    parquet = "parquet"


Day = Annotated[str | None, typer.Option("--date", help="The run's UTC day, YYYY-MM-DD (default: today).")]


@app.command()
def run(day: Day = None, only: Annotated[Stage | None, typer.Option(help="Run one stage alone.")] = None) -> None:
    """Run the nightly once, or go on where it stopped."""
    _nightly(day, only)


def _stage_command(stage: Stage, does: str) -> None:
    def command(day: Day = None) -> None:
        _nightly(day, stage)

    app.command(stage.value, help=does)(command)


_stage_command(Stage.crawl, "Fetch pages of the sources into documents.")
_stage_command(Stage.tasks, "Compose tasks from walks over the crawled pages.")
_stage_command(Stage.rollout, "Let the teacher work every planned attempt that has no trajectory yet.")
_stage_command(Stage.refine, "Decide on every trajectory: kept, or rejected with reasons.")
_stage_command(Stage.publish, "Publish what was kept as a release.")


@app.command()
def serve(port: Annotated[int, typer.Option(help="Port of the local Prefect server and its UI.")] = 4200) -> None:
    """Run the nightly by the cron expression of the settings, until Ctrl-C."""
    from flows.schedule import prefect_server

    with plain_errors():
        settings = _settings()
        with prefect_server(_server_log(settings), port) as address:
            from flows.nightly import serve_nightly

            when = f"'{settings.schedule.cron}' {settings.schedule.timezone}"
            typer.echo(f"nightly at {when}; UI: {address.removesuffix('/api')}")
            serve_nightly(settings)


@app.command()
def init() -> None:
    """Write a commented factory.toml with every setting at its default."""
    from flows.init import commented_file
    from flows.settings import SETTINGS_FILE

    path = Path(SETTINGS_FILE)
    if path.exists():
        fail(f"{path} is already there; delete or rename it first.")
    path.write_text(commented_file(), encoding="utf-8")
    typer.echo(f"wrote {path}")


@app.command()
def status() -> None:
    """Show how far each stage is, and what became of the planned attempts."""
    from rich import print as echo

    from warehouse.progress import stage_lines
    from warehouse.stats import funnel_table

    with _warehouse() as (con, settings):
        echo(*stage_lines(settings.state), sep="\n")
        echo(funnel_table(con))


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="A read-only query over the views and marts.")],
    format: Annotated[Format, typer.Option(help="How rows are printed.")] = Format.table,
    out: Annotated[Path | None, typer.Option(help="Write to this file instead.")] = None,
) -> None:
    """Ask the lake in SQL, also while a run is under way."""
    from warehouse.query import print_sql

    with _warehouse() as (con, _):
        print_sql(con, query, format.value, out)


@app.command()
def stats(out: Annotated[Path | None, typer.Option(help="Write the plot to this .svg file.")] = None) -> None:
    """Show trajectory statistics: funnel, lengths, tools, and the horizon histogram."""
    from warehouse.stats import print_stats

    with _warehouse() as (con, _):
        print_stats(con, out)


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="A trajectory's id, or the start of it.")],
    full: Annotated[bool, typer.Option("--full", help="Do not shorten long messages.")] = False,
) -> None:
    """Show one trajectory: its task, turns, verdicts and decision."""
    from warehouse.viewer import print_trajectory

    with _warehouse() as (con, _):
        print_trajectory(con, id, full=full)


@app.command()
def checks() -> None:
    """Run the lake's integrity checks; exit code 1 when one finds rows."""
    from warehouse.query import run_checks

    with _warehouse() as (con, _):
        found = {name: rows for name, rows in run_checks(con).items() if rows}
    for name, rows in found.items():
        typer.echo(f"{name}: {rows} rows")
    if found:
        raise typer.Exit(1)
    typer.echo("every count adds up")


@teacher_app.command("install")
def teacher_install(
    cpu: Annotated[bool, typer.Option("--cpu", help="Install the CPU build of vLLM.")] = False,
) -> None:
    """Make the environment that vLLM runs in, with the versions that the factory is tested with."""
    from flows.rollout.install import install
    from warehouse.progress import stage_bar

    with plain_errors():
        settings = _settings()
        with stage_bar("install", settings.state) as report:
            install(settings.teacher.environment.expanduser(), cpu=cpu, report=report)


def _nightly(day: str | None, only: Stage | None) -> None:
    from flows.schedule import prefect_server

    with plain_errors():
        settings = _settings()
        parsed = _day(day)
        with prefect_server(_server_log(settings)):
            from flows.nightly import nightly

            nightly(day=parsed, only=only.value if only else None)
        _say_where_to_look(settings)


def _server_log(settings: "Settings") -> Path:
    return settings.state / "logs" / "prefect-server.log"


def _say_where_to_look(settings: "Settings") -> None:
    from rich import print as echo

    from warehouse.stats import funnel_table

    with _warehouse() as (con, _):
        echo(funnel_table(con))
        release = con.execute("from newest_release").fetchone()
        planned = con.execute("from attempts limit 1").fetchone()
    if not planned:
        echo('no task could be made; what came of each page: factory sql "select url, status, detail from documents"')
    if release:
        echo("release: {1} ({2} trajectories, {3} tokens)".format(*release))
    echo('next: factory stats · factory sql "select * from funnel" · factory show ID')


@contextmanager
def _warehouse() -> Iterator[tuple["duckdb.DuckDBPyConnection", "Settings"]]:
    from warehouse.connect import connect
    from warehouse.lake import Lake

    with plain_errors():
        settings = _settings()
        spill, limit = settings.state / "spill", settings.refine.memory_limit
        with connect(Lake(settings.lake), spill=spill, memory_limit=limit) as con:
            yield con, settings


def _settings() -> "Settings":
    from flows.settings import load

    return load()


def _day(text: str | None) -> "date | None":
    from datetime import date

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        fail(f"--date {text!r} is not a day; write it as YYYY-MM-DD.")


def main() -> None:
    """The console script."""
    leave(app)
