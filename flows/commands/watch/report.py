"""The command `factory report`: a night on one HTML page."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.context import local_path, read_settings
from flows.commands.exit import plain_errors

Night = Annotated[str | None, typer.Option("--night", help="The night: YYYY-MM-DD (default: the newest).")]
Out = Annotated[Path | None, typer.Option(help="The file to write (default: report-NIGHT.html).", callback=local_path)]


def report(night: Night = None, out: Out = None) -> None:
    """Write a night as one HTML page: funnel, lengths, pass rates, tools, refusals, duplicates, cost, trends."""
    from warehouse.console.progress import write_atomic
    from warehouse.lake import Lake
    from warehouse.report.figures import read_figures
    from warehouse.report.page import night_page

    with plain_errors():
        settings = read_settings()
        limits = {"spill": settings.state / "spill", "memory_limit": settings.refine.memory_limit}
        figures = read_figures(Lake(settings.lake), night, **limits)
        path = out or Path(f"report-{figures.run_id}.html")
        write_atomic(path, night_page(figures))
        typer.echo(f"wrote {path}")
