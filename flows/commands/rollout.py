"""`factory rollout`: the rollout step alone, and `reparse`, which reads stored token ids again."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.context import Day, MaxHours, MaxTokens, open_warehouse, parse_day, run_nightly
from flows.commands.exit import fail

if TYPE_CHECKING:
    from flows.rollout.reparse import ReparseCounts
    from flows.settings import Teacher

app = typer.Typer(invoke_without_command=True, help="Run the teacher on every planned attempt that has no trajectory.")


@app.callback()
def rollout(context: typer.Context, day: Day = None, max_tokens: MaxTokens = None, max_hours: MaxHours = None) -> None:
    if context.invoked_subcommand is None:
        run_nightly(day, ["rollout"], max_tokens=max_tokens, max_hours=max_hours)


@app.command()
def reparse(
    day: Annotated[
        str | None, typer.Option("--date", help="Turns of this run only, YYYY-MM-DD (default: all).")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count the changes without writing them.")] = False,
) -> None:
    """Parse the stored token ids again with the settings' renderer; changed parses are stored in `reparses`."""
    import asyncio

    from rich import print as echo

    from flows.rollout.dialects.chat import open_chat
    from flows.rollout.reparse import Reparser
    from warehouse.console.progress import stage_bar
    from warehouse.lake import Lake

    only = parse_day(day)
    with open_warehouse() as (con, settings):
        dialect = open_chat(settings.teacher, _tokenizer(settings.teacher))
        with stage_bar("reparse", settings.state) as report:
            reparser = Reparser(dialect, Lake(settings.lake), con)
            counts = asyncio.run(reparser.reparse(only, report, dry=dry_run))
        echo(_summary(counts, dry=dry_run))


def _tokenizer(teacher: "Teacher") -> str:
    chosen = teacher.tokenizer or (None if teacher.engine == "embedded" else teacher.model)
    if chosen is None:
        fail("reparse needs the tokenizer of the chat turns, and the settings name none; set teacher.tokenizer.")
    return chosen


def _summary(counts: "ReparseCounts", *, dry: bool) -> str:
    changed = sum(counts.changed.values())
    lines = [f"{counts.turns:,} turns parsed, {changed:,} changed" + (" (nothing was written)" if dry else "")]
    lines += [f"  {before} -> {now}  {n:,}" for (before, now), n in counts.changed.most_common()]
    lines += [f"  {n:,} trajectories skipped: {reason}" for reason, n in counts.skipped.most_common()]
    if changed and not dry:
        lines.append('next: factory sql "select * from reparses", and the view turns_reparsed')
    return "\n".join(lines)
