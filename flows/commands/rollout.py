"""`factory rollout`: the stage alone, and what is asked of a rollout afterwards."""

import typer

from flows.commands.opening import Day, MaxHours, MaxTokens, run_nightly

app = typer.Typer(
    invoke_without_command=True, help="Let the teacher work every planned attempt that has no trajectory yet."
)


@app.callback()
def rollout(context: typer.Context, day: Day = None, max_tokens: MaxTokens = None, max_hours: MaxHours = None) -> None:
    if context.invoked_subcommand is None:
        run_nightly(day, "rollout", max_tokens=max_tokens, max_hours=max_hours)
