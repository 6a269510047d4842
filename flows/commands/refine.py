"""`factory refine`: the stage alone, and questions on what it decided and why."""

import typer

from flows.commands.opening import Day, run_nightly

app = typer.Typer(invoke_without_command=True, help="Decide on every trajectory: kept, or rejected with reasons.")


@app.callback()
def refine(context: typer.Context, day: Day = None) -> None:
    if context.invoked_subcommand is None:
        run_nightly(day, "refine")
