"""`factory export`: a release for one trainer, or what refused attempts still teach."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.context import open_warehouse, read_settings
from flows.commands.exit import fail, plain_errors

LAKE_VIEWS = ("preference", "trl-preference", "rl")


def export(
    view: Annotated[
        str,
        typer.Option(help="trl, prime-rl, verl, ms-swift, llama-factory, atif, preference, trl-preference or rl."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write to (trl-preference, preference, rl: a .parquet file).")],
    release: Annotated[str | None, typer.Option(help="A release's folder (default: the newest of publish.to).")] = None,
) -> None:
    """Write a release as one trainer loads it; or preference pairs, or tasks of mixed success, from the lake."""
    if view in LAKE_VIEWS:
        _export_lake(view, out)
        return
    from flows.publish.views.export import export as write
    from flows.publish.views.openai import VIEWS
    from warehouse.console.progress import stage_bar

    if view not in VIEWS:
        fail(f"there is no view {view!r}; there are: {', '.join([*VIEWS, *LAKE_VIEWS])}.")
    with plain_errors():
        settings = read_settings()
        source = release or settings.publish.to
        if source.startswith(("s3://", "hf://")):
            fail(f"{source} is no folder: run `factory pull {source} FOLDER`, then export with --release FOLDER/NAME.")
        with stage_bar("export", settings.state) as report:
            counts = write(Path(source), view, out, report)
    typer.echo(" · ".join(f"{split}: {rows} rows" for split, rows in counts.items()) + f" in {out}")


def _export_lake(view: str, out: Path) -> None:
    from flows.publish.errors import writing
    from flows.publish.views.dpo_and_rl import write_learnable, write_trl_pairs
    from flows.publish.views.preference import write_preference
    from warehouse.console.progress import stage_bar
    from warehouse.lake import Lake

    if out.is_dir():
        fail(f"--out {out} is a folder: name a .parquet file.")
    left_out = 0
    with open_warehouse() as (con, settings):
        with writing(out.parent):
            out.parent.mkdir(parents=True, exist_ok=True)
        if view == "rl":
            rows = write_learnable(con, out)
        else:
            lake, seed = Lake(settings.lake), settings.publish.seed
            with stage_bar("export", settings.state) as report:
                if view == "trl-preference":
                    rows, left_out = write_trl_pairs(con, lake, seed, out, report)
                else:
                    rows = write_preference(con, lake, seed, out, report)
    typer.echo(f"{rows} rows in {out}")
    if left_out:
        typer.echo(f"{left_out} pairs left out: their attempts had other system prompts, and TRL has one a pair")
