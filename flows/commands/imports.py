"""`factory import`: imports published data sets into the lake, so that they pass the same gates and releases."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.context import local_path, open_warehouse
from flows.commands.exit import fail

if TYPE_CHECKING:
    from flows.domains.contract import Verifier
    from flows.imports.formats.attempt.outcomes import Named
    from flows.imports.importer import Counts

FORMATS = [
    "auto", "messages", "anthropic", "trl", "openseeker", "openresearcher", "toucan", "dolci", "sharegpt", "hermes",
    "glaive", "xlam", "toolbench", "atif", "adp", "openhands", "swe-agent", "mini-swe-agent", "tau-bench",
    "smolagents", "responses", "gemini", "bedrock", "langchain", "ai-sdk", "pydantic-ai",
    "opentelemetry", "rendered",
    "claude-code", "codex", "inspect", "verifiers",
]  # fmt: skip
"""Names of the row formats, as the registry of formats has them: reading it here would slow --help down."""
Format = StrEnum("Format", {name: name for name in FORMATS})  # type: ignore[misc]
UNSURE = 0.6


def import_files(  # noqa: PLR0913, PLR0917 (a command's options)
    files: Annotated[
        list[str],
        typer.Argument(
            help="Files, folders or patterns: local, s3://bucket/key or hf://datasets/owner/name (a set or a file). "
            "JSON Lines, JSON documents, session logs, Inspect's .eval or Parquet; gzip, zstd, xz, bzip2 or zip."
        ),
    ],
    format: Annotated[Format, typer.Option(help="Row format; auto recognises it row by row.")] = Format.auto,  # type: ignore[attr-defined]
    domain: Annotated[str, typer.Option(help="Domain of their tasks.")] = "imported",
    license: Annotated[str | None, typer.Option(help="License, a Hub identifier; recorded with every row.")] = None,
    tools: Annotated[
        Path | None, typer.Option(help="JSON file of tool schemas, for rows without their own.", callback=local_path)
    ] = None,
    accepted: Annotated[
        bool,
        typer.Option(
            "--accepted", help="The set holds only correct attempts: a passing verdict for rows without one of the set."
        ),
    ] = False,
    outcome: Annotated[
        list[str] | None,
        typer.Option(
            help="COLUMN or COLUMN:THRESHOLD with the set's verdict, such as metadata.grade:0.8; repeatable. resolved, "
            "reward, score, correct, success and passed are read anyway."
        ),
    ] = None,
    endpoint_url: Annotated[
        str | None, typer.Option("--endpoint-url", help="S3-compatible endpoint (default: publish.endpoint_url).")
    ] = None,
) -> None:
    """Import published trajectories into the lake; each refused row is recorded with its reason."""
    from datetime import UTC, datetime

    from flows.commands.import_files import expanded, local_copy
    from flows.imports.chunk import ImportOptions
    from flows.imports.existing_ids import ExistingIds
    from flows.imports.importer import Importer
    from flows.imports.token_counts import open_count
    from flows.schedule.run_lock import run_lock
    from warehouse.console.progress import stage_bar
    from warehouse.lake import Lake

    named, schemas = _outcomes(outcome or []), _schemas(tools)
    with open_warehouse() as (con, settings):
        found = expanded(files, settings, endpoint_url)
        with run_lock(settings.state):
            options = ImportOptions(
                format.value, domain, license, schemas, accepted, tuple(named), settings.rollout.redact
            )
            importer = Importer(
                Lake(settings.lake), ExistingIds.of(con, datetime.now(UTC)), _verifiers(), open_count(settings)
            )
            kept = 0
            for file in found:
                with (
                    local_copy(file, settings, endpoint_url) as path,
                    stage_bar("import", settings.state) as report,
                ):
                    name = file if "://" in file else path.name
                    counts = importer.import_file(path, name, options, report)
                _print_counts(name, counts)
                kept += counts.imported + counts.already_there
    if not kept:
        fail('no row could be imported: factory sql "from import_funnel" lists the reasons.')
    typer.echo('next: factory refine · factory publish · factory sql "from import_funnel"')


def _print_counts(name: str, counts: "Counts") -> None:
    accepted = f"{name}: {counts.rows} rows, {counts.imported} imported, {counts.already_there} already there"
    reasons = ", ".join(f"{count} {code}" for code, count in counts.refused.most_common())
    typer.echo(f"{accepted}, {counts.refused.total()} refused" + (f" ({reasons})" if reasons else ""))
    for format, sign in counts.recognised.items():
        hint = " Check some rows, or name the format with --format." if sign.sure <= UNSURE else ""
        typer.echo(
            f"  {counts.formats[format]} rows recognised as {format}: {sign.because} (sure {sign.sure:.0%}).{hint}"
        )
    for code, count in sorted(counts.notes.items()):
        typer.echo(f"  {count} {_meaning(code)}")


def _meaning(code: str) -> str:
    from flows.imports.formats.conversation import NOTES

    kind, _, column = code.partition(":")
    if kind == "unclear":
        return (
            f"rows with an unclear `{column}`, which give no verdict: name the threshold with --outcome {column}:NUMBER"
        )
    return NOTES[code] if kind != "missing" else f"rows without the column `{column}` of --outcome"


def _outcomes(texts: list[str]) -> "list[Named]":
    from flows.imports.formats.attempt.outcomes import named

    found = []
    for text in texts:
        try:
            found.append(named(text))
        except ValueError:
            fail(f"--outcome {text}: write COLUMN or COLUMN:THRESHOLD, such as resolved or metadata.score:0.5.")
    return found


def _verifiers() -> "list[Verifier]":
    """The rollout's verifiers that compare an answer with the ground truth."""
    from flows.domains.search.verifiers import CONTAINS_ANSWER, EXACT_MATCH

    return [EXACT_MATCH, CONTAINS_ANSWER]


def _schemas(path: Path | None) -> list[dict[str, Any]]:
    """Read the tool schemas of a file; an invalid file ends the command."""
    from flows.imports.formats.conversation import Refused
    from flows.imports.formats.values.tools import tools_of

    if path is None:
        return []
    try:
        return tools_of(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, Refused) as error:
        fail(f"--tools {path}: {error}. It must hold a JSON list of tool schemas, as OpenAI's API takes them.")
