"""`factory import`: sets that others published, into the lake, so that they pass the same gates and releases."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.context import open_warehouse
from flows.commands.exit import fail

if TYPE_CHECKING:
    from flows.imports.importer import Counted
    from flows.imports.to_rows import Verifiers
    from flows.settings import Settings


class Format(StrEnum):
    """How rows of a published set are written."""

    messages = "messages"
    atif = "atif"
    openseeker = "openseeker"
    openresearcher = "openresearcher"
    toucan = "toucan"
    sharegpt = "sharegpt"


def bring(  # noqa: PLR0913, PLR0917 (a command's options)
    files: Annotated[
        list[str], typer.Argument(help="JSONL (or .jsonl.gz) or Parquet files, local or s3://bucket/key.")
    ],
    format: Annotated[Format, typer.Option(help="How their rows are written.")],
    domain: Annotated[str, typer.Option(help="Domain that their tasks count to.")] = "imported",
    license: Annotated[str | None, typer.Option(help="Their license, a Hub identifier; kept with every row.")] = None,
    tools: Annotated[Path | None, typer.Option(help="JSON file of tool schemas, for rows that bring none.")] = None,
    accepted: Annotated[
        bool, typer.Option("--accepted", help="Their makers kept only right attempts: count each as judged so.")
    ] = False,
    endpoint_url: Annotated[
        str | None, typer.Option("--endpoint-url", help="S3-compatible endpoint (default: publish.endpoint_url).")
    ] = None,
) -> None:
    """Bring published trajectories into the lake; each row that cannot come in has its reason."""
    from datetime import UTC, datetime

    from flows.imports.chunk import How
    from flows.imports.existing_ids import Known
    from flows.imports.importer import Importer
    from flows.run_lock import exclusive
    from warehouse.console.progress import stage_bar
    from warehouse.lake import Lake

    _check_addresses(files)
    with open_warehouse() as (con, settings), exclusive(settings.state):
        how = How(format.value, domain, license, _schemas(tools), accepted)
        importer = Importer(Lake(settings.lake), Known.of(con, datetime.now(UTC)), _verifiers())
        for file in files:
            with _local(file, settings, endpoint_url) as path, stage_bar("import", settings.state) as report:
                name = file if file.startswith("s3://") else path.name
                counted = importer.bring(path, name, how, report)
            _tell(name, counted)
    typer.echo('next: factory refine · factory publish · factory sql "from import_funnel"')


def _check_addresses(files: list[str]) -> None:
    """End the command on an address of a bucket or of a folder in one, before any file is read."""
    for file in files:
        bucket, _, key = file.removeprefix("s3://").partition("/")
        if file.startswith("s3://") and not (bucket and key.rpartition("/")[2].strip(".")):
            fail(f"{file} names no file: write s3://bucket/key, a file each.")


def _tell(name: str, counted: "Counted") -> None:
    said = f"{name}: {counted.rows} rows, {counted.imported} imported, {counted.there} already there"
    reasons = ", ".join(f"{count} {code}" for code, count in counted.refused.most_common())
    typer.echo(f"{said}, {counted.refused.total()} refused" + (f" ({reasons})" if reasons else ""))


def _verifiers() -> "Verifiers":
    """Those of the rollout that compare an answer with the truth."""
    from flows.domains.search.verifiers import VERIFIERS, VERSION
    from flows.imports.to_rows import Verifiers

    return Verifiers({name: VERIFIERS[name] for name in ("exact_match", "contains_answer")}, VERSION)


def _schemas(path: Path | None) -> list[dict[str, Any]]:
    """The tool schemas of a file; ends the command on what is none."""
    from flows.imports.formats.coerce import tools_of
    from flows.imports.formats.conversation import Refused

    if path is None:
        return []
    try:
        return tools_of(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, Refused) as error:
        fail(f"--tools {path}: {error}. It must hold a JSON list of tool schemas, as OpenAI's API takes them.")


@contextmanager
def _local(file: str, settings: "Settings", endpoint_url: str | None) -> Iterator[Path]:
    """The file on this machine: itself, or fetched from its bucket for as long as it is read."""
    from flows.publish.stores.store import store_at

    if not file.startswith("s3://"):
        yield Path(file)
        return
    place, _, key = file.rpartition("/")
    fetched = settings.state / "import" / key
    fetched.parent.mkdir(parents=True, exist_ok=True)
    try:
        with fetched.open("wb") as out:
            out.writelines(store_at(place, endpoint_url or settings.publish.endpoint_url).chunks(0, key))
        yield fetched
    finally:
        fetched.unlink(missing_ok=True)
