"""`factory publish`, `factory publish verify` and `factory pull`: make, verify and download a release."""

import os
from pathlib import Path
from typing import Annotated

import typer

from flows.commands.address_group import AddressGroup
from flows.commands.context import Day, local_path, read_settings, run_nightly
from flows.commands.exit import plain_errors

app = typer.Typer(cls=AddressGroup, invoke_without_command=True, help="Publish the kept trajectories as a release.")
Address = Annotated[
    str, typer.Argument(help="Directory, s3:// or hf:// address of a release, or of releases (the newest).")
]
Endpoint = Annotated[
    str | None, typer.Option("--endpoint-url", help="S3-compatible endpoint (default: publish.endpoint_url).")
]
Student = Annotated[
    Path | None,
    typer.Option(help="Folder of the student's tokenizer and chat template; adds its tokens.", callback=local_path),
]
Renderer = Annotated[
    str | None,
    typer.Option("--student-renderer", metavar="NAME", help="Renderer of the student (default: by its chat template)."),
]


Destination = Annotated[
    str | None,
    typer.Option("--to", metavar="ADDRESS", help="Where to publish instead of publish.to; `--to` may be left out."),
]


@app.callback()
def publish(
    context: typer.Context,
    to: Destination = None,
    day: Day = None,
    student: Student = None,
    student_renderer: Renderer = None,
) -> None:
    if context.invoked_subcommand is None:
        if to:
            os.environ["FACTORY_PUBLISH__TO"] = to
        if student:
            os.environ["FACTORY_PUBLISH__STUDENT"] = str(student.absolute())
        if student_renderer:
            os.environ["FACTORY_PUBLISH__STUDENT_RENDERER"] = student_renderer
        run_nightly(day, ["publish"])


@app.command()
def verify(address: Address, endpoint_url: Endpoint = None) -> None:
    """Read every byte of a release and compare it with its manifest; exit code 1 if one differs."""
    from flows.publish.stores.pull import verify as check
    from warehouse.console.progress import stage_bar

    with plain_errors():
        settings = read_settings()
        with stage_bar("verify", settings.state) as report:
            manifest = check(address, report, endpoint_url or settings.publish.endpoint_url)
    typer.echo(f"{manifest.name} is whole: {len(manifest.files)} files, {manifest.rows} rows, {manifest.tokens} tokens")


def pull(
    address: Address,
    folder: Annotated[Path, typer.Argument(help="Folder to download the release to.", callback=local_path)],
    endpoint_url: Endpoint = None,
) -> None:
    """Download a release and verify it; FOLDER/latest then leads to it. The same command resumes a download."""
    from flows.publish.stores.pull import pull as fetch
    from warehouse.console.progress import stage_bar

    with plain_errors():
        settings = read_settings()
        with stage_bar("pull", settings.state) as report:
            place = fetch(address, folder, report, endpoint_url or settings.publish.endpoint_url)
    typer.echo(str(place))
