"""`factory import`: imports published data sets into the lake, so that they pass the same gates and releases."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.commands.context import local_path, open_warehouse
from flows.commands.exit import fail, plain_errors

if TYPE_CHECKING:
    from flows.domains.contract import Verifier
    from flows.imports.importer import Counts
    from flows.settings import Settings


class Format(StrEnum):
    """Row formats of published data sets."""

    messages = "messages"
    atif = "atif"
    openseeker = "openseeker"
    openresearcher = "openresearcher"
    toucan = "toucan"
    sharegpt = "sharegpt"


def import_files(  # noqa: PLR0913, PLR0917 (a command's options)
    files: Annotated[
        list[str], typer.Argument(help="JSONL (or .jsonl.gz) or Parquet files, local or s3://bucket/key.")
    ],
    format: Annotated[Format, typer.Option(help="Row format of the files.")],
    domain: Annotated[str, typer.Option(help="Domain of their tasks.")] = "imported",
    license: Annotated[str | None, typer.Option(help="License, a Hub identifier; recorded with every row.")] = None,
    tools: Annotated[
        Path | None, typer.Option(help="JSON file of tool schemas, for rows without their own.", callback=local_path)
    ] = None,
    accepted: Annotated[
        bool, typer.Option("--accepted", help="The set holds only correct attempts: record a passing verdict for each.")
    ] = False,
    endpoint_url: Annotated[
        str | None, typer.Option("--endpoint-url", help="S3-compatible endpoint (default: publish.endpoint_url).")
    ] = None,
) -> None:
    """Import published trajectories into the lake; each refused row is recorded with its reason."""
    from datetime import UTC, datetime

    from flows.imports.chunk import ImportOptions
    from flows.imports.existing_ids import ExistingIds
    from flows.imports.importer import Importer
    from flows.schedule.run_lock import run_lock
    from warehouse.console.progress import stage_bar
    from warehouse.lake import Lake

    files = _check_addresses(files)
    with open_warehouse() as (con, settings), run_lock(settings.state):
        options = ImportOptions(format.value, domain, license, _schemas(tools), accepted)
        importer = Importer(Lake(settings.lake), ExistingIds.of(con, datetime.now(UTC)), _verifiers())
        for file in files:
            with _local(file, settings, endpoint_url) as path, stage_bar("import", settings.state) as report:
                name = file if file.startswith("s3://") else path.name
                counts = importer.import_file(path, name, options, report)
            _print_counts(name, counts)
    typer.echo('next: factory refine · factory publish · factory sql "from import_funnel"')


def _check_addresses(files: list[str]) -> list[str]:
    """Refuse unknown addresses, and those of a bucket or a folder, before any file is read."""
    from flows.settings.address import HUB, S3, check_address

    with plain_errors():
        checked = [check_address(file) for file in files]
    for file in checked:
        key = file.removeprefix(S3).partition("/")[2]
        if file.startswith(S3) and not key.rpartition("/")[2].strip("."):
            fail(f"{file} is not the address of a file: write s3://bucket/key for each file.")
        if file.startswith(HUB):
            fail(
                f"{file}: import reads local files and s3://bucket/key. Download the set first, then import its files."
            )
    return checked


def _print_counts(name: str, counts: "Counts") -> None:
    accepted = f"{name}: {counts.rows} rows, {counts.imported} imported, {counts.already_there} already there"
    reasons = ", ".join(f"{count} {code}" for code, count in counts.refused.most_common())
    typer.echo(f"{accepted}, {counts.refused.total()} refused" + (f" ({reasons})" if reasons else ""))


def _verifiers() -> "list[Verifier]":
    """The rollout's verifiers that compare an answer with the ground truth."""
    from flows.domains.search.verifiers import CONTAINS_ANSWER, EXACT_MATCH

    return [EXACT_MATCH, CONTAINS_ANSWER]


def _schemas(path: Path | None) -> list[dict[str, Any]]:
    """Read the tool schemas of a file; an invalid file ends the command."""
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
    """Local path of the file; an object of a bucket is downloaded, and deleted after the import."""
    from flows.publish.stores.open import store_at

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
