"""`factory tasks`: composes the night's tasks; `audit` shows how good the composers are, and tasks to look at."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.context import Day, local_path, open_warehouse, run_nightly

if TYPE_CHECKING:
    import duckdb
    from rich.table import Table

    from flows.domains.contract import Composer, Domain
    from flows.settings import Settings

app = typer.Typer(invoke_without_command=True, help="Compose tasks from pages and from seeds.")
QUALITY = {
    "Composers, and the tasks that passed each probe": (
        "tasks", "refused", "refused_by_probes", "oracle", "shortcuts", "digest", "canary", "blind",
    ),
    "Attempts, and tasks by how often they are solved": (
        "tasks", "attempts", "pass_rate", "never_solved", "sometimes_solved", "always_solved",
    ),
}  # fmt: skip
"""Title of a table -> its columns of the mart composer_quality."""


@app.callback()
def tasks(context: typer.Context, day: Day = None) -> None:
    if context.invoked_subcommand is None:
        run_nightly(day, ["tasks"])


@app.command()
def audit(
    n: Annotated[int, typer.Option("--n", "-n", min=0, help="Tasks to show, drawn from the composers in turn.")] = 3,
    seed: Annotated[int, typer.Option(help="Seed of the draw.")] = 0,
) -> None:
    """Show each composer's refusals, probes and pass rates, and tasks with their truth for a person to look at."""
    from rich.console import Console

    console = Console()
    with open_warehouse() as (con, settings):
        for table in (*_quality(con), _aim(con, settings), _refusals(con), *_drawn(con, n, seed)):
            console.print(table)


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="Folder to write to.", callback=local_path)],
    domain: Annotated[str | None, typer.Option(help="Only tasks of this domain.")] = None,
    n: Annotated[int | None, typer.Option("--n", "-n", min=1, help="At most so many tasks, the newest first.")] = None,
) -> None:
    """Write tasks as folders in Harbor's format, each with its image, files, hidden tests and solution."""
    from flows.environments.resources import Resources
    from flows.tasks.folders.export import LEFT_OUT, Chosen, export_folders
    from warehouse.console.progress import stage_bar

    with open_warehouse() as (con, settings), stage_bar("export", settings.state) as report:
        counts = export_folders(con, Resources().with_sandbox(settings.sandbox), out, Chosen(domain, n), report)
    written = {name: k for name, k in sorted(counts.items()) if not name.startswith(LEFT_OUT)}
    typer.echo(f"{sum(written.values())} folders in {out}" + "".join(f" · {name}: {k}" for name, k in written.items()))
    for reason in sorted(counts.keys() - written.keys()):
        typer.echo(f"{counts[reason]} {'task' if counts[reason] == 1 else 'tasks'} {reason}")


def _quality(con: "duckdb.DuckDBPyConnection") -> "Iterator[Table]":
    from warehouse.console.stats import mart_rows
    from warehouse.console.terminal import cell, empty_table

    rows = mart_rows(con, "composer_quality")
    for title, columns in QUALITY.items():
        shown = ("composer", *columns)
        table = empty_table((name.replace("_", " ") for name in shown), title)
        for row in rows:
            table.add_row(*(cell(row[name]) for name in shown))
        yield table


def _aim(con: "duckdb.DuckDBPyConnection", settings: "Settings") -> "Table":
    from datetime import date

    from flows.domains import composers
    from flows.tasks.aim import aim_of
    from warehouse.console.terminal import cell, empty_table

    aim, (low, high) = aim_of(con, date.max, settings.tasks), settings.tasks.pass_rate_band
    title = f"Pass rates against the band {low:g} to {high:g}, lengths, and the weights of the next night"
    columns = ("composer", "knob", "judged", "pass rate", "mean calls", "mean tokens", "target", "weight")
    table, known = empty_table(columns, title), composers()
    for (composer, knob), rate in aim.rates.items():
        lengths = (round(rate.calls), round(rate.tokens), _target(known, composer, settings))
        table.add_row(*map(cell, (composer, knob, rate.judged, rate.solved, *lengths, aim.weight(composer, knob))))
    return table


def _target(known: "Mapping[str, tuple[Domain, Composer]]", composer: str, settings: "Settings") -> str:
    """The calls and tokens that the settings set as target of a composer's domain; empty if they do not reach it."""
    if composer not in known or not known[composer][1].takes_target:
        return ""
    target = settings.tasks.target.get(known[composer][0].name)
    given = target.model_dump(exclude_none=True) if target else {}
    return ", ".join(f"{n:,} {unit}" for unit, n in given.items())


def _refusals(con: "duckdb.DuckDBPyConnection") -> "Table":
    from warehouse.connect import query
    from warehouse.console.terminal import cell, empty_table

    table = empty_table(("domain", "composer", "reason", "candidates"), "Refused candidates")
    for row in con.execute(query("tasks", "refusal_reasons")).fetchall():
        table.add_row(*map(cell, row))
    return table


def _drawn(con: "duckdb.DuckDBPyConnection", n: int, seed: int) -> "Iterator[Table]":
    from rich.text import Text

    from warehouse.connect import query
    from warehouse.console.terminal import cell, empty_table, visible

    rows = con.execute(query("tasks", "drawn_tasks"), {"n": n, "seed": str(seed)})
    names = [column[0] for column in rows.description]
    for row in rows.fetchall():
        table = empty_table(("task", row[0]))
        for name, value in zip(names[1:], row[1:], strict=True):
            table.add_row(cell(name), Text(visible(value)) if isinstance(value, str) else cell(value, most=4_000))
        yield table
