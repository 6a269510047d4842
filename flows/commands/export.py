"""`factory export`: a release for one trainer, or what refused attempts still teach."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.opening import open_warehouse, read_settings
from flows.ending import fail, plain_errors

LAKE_VIEWS = ("preference", "rl")


def export(
    view: Annotated[str, typer.Option(help="trl, prime-rl, verl, ms-swift, llama-factory, atif, preference or rl.")],
    out: Annotated[Path, typer.Option(help="Folder to write to (preference, rl: a .parquet file).")],
    release: Annotated[
        Path | None, typer.Option(help="A release's folder (default: the newest of publish.to).")
    ] = None,
) -> None:
    """Write a release as one trainer loads it; or preference pairs, or tasks of mixed success, from the lake."""
    if view in LAKE_VIEWS:
        _export_lake(view, out)
        return
    from flows.publish.export import export as write
    from warehouse.progress import stage_bar

    with plain_errors():
        settings = read_settings()
        if release is None and settings.publish.to.startswith("s3://"):
            fail("publish.to is a bucket: name a release's folder with --release.")
        with stage_bar("export", settings.state) as report:
            counts = write(release or Path(settings.publish.to), view, out, report)
    typer.echo(" · ".join(f"{split}: {rows} rows" for split, rows in counts.items()) + f" in {out}")


def _export_lake(view: str, out: Path) -> None:
    from flows.publish.preference import write_learnable, write_preference
    from warehouse.lake import Lake
    from warehouse.progress import stage_bar

    with open_warehouse() as (con, settings):
        out.parent.mkdir(parents=True, exist_ok=True)
        if view == "rl":
            rows = write_learnable(con, out)
        else:
            with stage_bar("export", settings.state) as report:
                rows = write_preference(con, Lake(settings.lake), settings.publish.seed, out, report)
    typer.echo(f"{rows} rows in {out}")
