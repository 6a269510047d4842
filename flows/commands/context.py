"""Context of the commands: the settings, a read-only warehouse connection, a nightly run with a Prefect server.

Heavy imports happen inside the functions, so that --help answers at once.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.exit import fail, plain_errors

if TYPE_CHECKING:
    from datetime import date

    import duckdb

    from flows.settings import Settings

Day = Annotated[
    str | None, typer.Option("--date", help="The run's night: YYYY-MM-DD, or YYYY-MM-DDTHHMM (default: today's).")
]
MaxTokens = Annotated[int | None, typer.Option("--max-tokens", help="End the rollout after this many sampled tokens.")]
MaxHours = Annotated[float | None, typer.Option("--max-hours", help="End the rollout after this many hours.")]


def run_nightly(
    day: str | None, only: Sequence[str] = (), *, max_tokens: int | None = None, max_hours: float | None = None
) -> None:
    """Run the nightly, or only some steps of it, then print the funnel and the next commands.

    `max_tokens` (sampled) and `max_hours` limit the rollout, which stops at a turn; the next run resumes there.
    """
    from flows.crawl.outcome import crawl_line
    from flows.schedule.history import current_night
    from flows.schedule.prefect_server import prefect_server

    with plain_errors():
        settings = read_settings()
        parsed = parse_day(day)
        night = str(current_night(settings, parsed))
        with prefect_server(settings.state):
            from flows.nightly import nightly

            home = str(settings.home.resolve())
            counts = nightly(home, night, list(only), max_tokens=max_tokens, max_hours=max_hours)
        steps = counts if isinstance(counts, dict) else {}
        if crawled := steps.get("crawl"):
            typer.echo(crawl_line(crawled))
        _print_next_steps()
        rollout = steps.get("rollout", {})
        if stopped := rollout.get("stopped"):
            typer.echo(f"the rollout stopped early: {stopped}")


def crawl_alone(day: str | None) -> None:
    """Crawl for one night, then print what became of the pages.

    The crawl runs without Prefect, whose server would take longer to start than the first pages take to arrive.
    """
    from sources.worker_process import start_worker_server

    start_worker_server()  # beside the imports of this process, which take longer
    from flows.crawl.crawler import crawl_night
    from flows.crawl.outcome import crawl_line
    from flows.home_checks import check_disk, check_home, check_lake
    from flows.schedule.history import current_night
    from flows.schedule.run_lock import run_lock

    with plain_errors():
        settings = read_settings()
        night = current_night(settings, parse_day(day))
        check_home(settings)
        check_lake(settings)
        check_disk(settings)
        with run_lock(settings.state):
            counts = crawl_night(settings, night)
        typer.echo(crawl_line(counts))
        typer.echo('next: factory run · factory sql "from pages" · factory stats')


@contextmanager
def open_warehouse() -> Iterator[tuple["duckdb.DuckDBPyConnection", "Settings"]]:
    """A connection to the lake's views, and the settings; the factory's own errors end the command.

    `warehouse.duckdb` is brought up to date, for other clients.
    """
    from warehouse.connect import connect, refresh_warehouse
    from warehouse.lake import Lake

    with plain_errors():
        settings = read_settings()
        spill, limit = settings.state / "spill", settings.refine.memory_limit
        lake = Lake(settings.lake)
        with connect(lake, spill=spill, memory_limit=limit) as con:
            refresh_warehouse(settings.warehouse, lake)
            yield con, settings


def local_path(path: Path | None) -> Path | None:
    """Callback of an option that takes a local path; a remote address ends the command with its remedy."""
    from flows.settings.address import AddressError, check_local_path

    try:
        return check_local_path(str(path)) if path is not None else None
    except AddressError as error:
        raise typer.BadParameter(str(error)) from error


def read_settings() -> "Settings":
    """The settings of the working directory; raises SettingsError."""
    from flows.settings import load

    return load()


def parse_day(text: str | None) -> "date | None":
    """The night of --date; an invalid one ends the command."""
    from schemas.record import night_of

    try:
        return night_of(text) if text else None
    except ValueError as error:
        fail(f"--date: {error}")


def _print_next_steps() -> None:
    from rich import print as echo

    from warehouse.console.stats import funnel_table

    with open_warehouse() as (con, _):
        echo(funnel_table(con))
        release = con.execute("from newest_release").fetchone()
        planned = con.execute("from attempts limit 1").fetchone()
        if not planned:
            echo(_why_no_task(con))
    if release:
        echo("release: {1} ({2} rows, {3} tokens)".format(*release))
    echo('next: factory stats · factory sql "select * from funnel" · factory show ID')


def _why_no_task(con: "duckdb.DuckDBPyConnection") -> str:
    """The reasons why candidates were refused, and the languages of the pages, in words."""
    from warehouse.connect import query

    reasons = con.execute(query("tasks", "refusal_reasons")).fetchall()
    languages = con.execute(query("tasks", "pages_by_language")).fetchall()
    refused = ", ".join(f"{composer}: {n} {reason}" for _, composer, reason, n in reasons) or "none"
    pages = ", ".join(f"{language}: {n} pages, {chars:,} characters" for language, n, chars in languages) or "none"
    return (
        f"no task could be made; refused candidates: {refused}; pages by language: {pages}; "
        'status of each page: factory sql "select url, status, detail from documents"'
    )
