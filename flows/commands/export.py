"""`factory export`: a release in the format of one trainer, or preference pairs and RL tasks from the lake."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.context import local_path, open_warehouse, read_settings
from flows.commands.exit import fail, plain_errors
from flows.publish.views.registry import LAKE_VIEWS, RELEASE_VIEWS, load_lake_view, load_release_view


def export(
    view: Annotated[str, typer.Option(help=f"One of {', '.join([*RELEASE_VIEWS, *LAKE_VIEWS])}.")],
    out: Annotated[
        Path,
        typer.Option(help=f"Folder to write to ({', '.join(LAKE_VIEWS)}: a .parquet file).", callback=local_path),
    ],
    release: Annotated[str | None, typer.Option(help="A release's folder (default: the newest of publish.to).")] = None,
) -> None:
    """Write a release in one trainer's format; or preference pairs, or tasks of mixed success, from the lake."""
    if view in LAKE_VIEWS:
        _export_lake(view, out)
        return
    from flows.publish.stores.open import is_remote
    from flows.publish.views.export import export as write
    from flows.publish.views.export import read_manifest
    from flows.settings.address import check_address
    from warehouse.console.progress import stage_bar

    with plain_errors():
        loaded = load_release_view(view)
        settings = read_settings()
        source = check_address(release or settings.publish.to)
        if is_remote(source):
            fail(f"{source} is no folder: run `factory pull {source} FOLDER`, then export with --release FOLDER/NAME.")
        with stage_bar("export", settings.state) as report:
            counts = write(Path(source), view, out, report)
        left_out = read_manifest(Path(source))[1].rows - sum(counts.values())
    typer.echo(" · ".join(f"{split}: {rows} rows" for split, rows in counts.items()) + f" in {out}")
    if left_out:
        typer.echo(f"{left_out} rows of the release are left out: {loaded.left_out}")


def _export_lake(view: str, out: Path) -> None:
    from flows.publish.errors import writing
    from warehouse.console.progress import stage_bar
    from warehouse.lake import Lake

    if out.is_dir():
        fail(f"--out {out} is a folder: name a .parquet file.")
    with open_warehouse() as (con, settings):
        with writing(out.parent):
            out.parent.mkdir(parents=True, exist_ok=True)
        with stage_bar("export", settings.state) as report:
            publish = settings.publish
            rows, note = load_lake_view(view).write(
                con, Lake(settings.lake), publish.seed, out, report, publish.licenses
            )
    typer.echo(f"{rows} rows in {out}")
    if note:
        typer.echo(note)
