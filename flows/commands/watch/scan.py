"""The command `factory scan`: a model answers one question about many attempts; answers are rows of `scans`."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.context import read_settings
from flows.commands.exit import plain_errors

Asked = Annotated[Path, typer.Argument(help="A Markdown file with the question; answers bear its name.")]
Where = Annotated[str, typer.Option(help="Condition on the attempts: columns of trajectories, fate, reason.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Ask about this many attempts at most, drawn as by lot.")]
Tokens = Annotated[
    int | None, typer.Option("--max-tokens", min=1, help="End after this many tokens, prompts included.")
]
Truth = Annotated[bool, typer.Option("--truth", help="Show the ground truth of each task to the model.")]


def scan(
    question: Asked,
    where: Where = "true",
    limit: Limit = None,
    max_tokens: Tokens = None,
    truth: Truth = False,
) -> None:
    """Let a model answer one question about each selected attempt; the same command resumes."""
    from datetime import UTC, datetime

    from flows.judge.scan.run import Scan, run_scan
    from flows.rollout.writer import open_writer
    from warehouse.console.progress import stage_bar

    with plain_errors():
        settings = read_settings()
        wanted = Scan(question, where, truth, limit, max_tokens)
        with stage_bar("scan", settings.state) as report:
            done = run_scan(settings, datetime.now(UTC).date(), wanted, report, open_writer)
    for word, count in sorted(done.answers.items(), key=lambda one: -one[1]):
        typer.echo(f"{count:>7,} {word}")
    typer.echo(
        f"{done.unreadable} without a readable answer, {done.left} left for the next call, {done.tokens:,} tokens"
    )
    typer.echo(f"next: factory sql \"from scans where question = '{question.stem}'\"")
