"""`factory publish`: the stage alone, and what is done with releases."""

import typer

from flows.commands.opening import Day, run_nightly

app = typer.Typer(invoke_without_command=True, help="Publish what was kept as a release.")


@app.callback()
def publish(context: typer.Context, day: Day = None) -> None:
    if context.invoked_subcommand is None:
        run_nightly(day, "publish")
