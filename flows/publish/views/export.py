"""A release as files that one trainer loads: its shards streamed through a view, a file a split.

Files appear whole, one after the other; a release is read from its own folder, so an export needs nothing
of the lake and can be made wherever the release was copied to.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from flows.publish.errors import PublishError, writing
from flows.publish.stores.protocol import LATEST, MANIFEST
from flows.publish.views.openai import VIEWS, Row, View
from schemas import Manifest, Shard
from schemas.release import Latest
from warehouse.console.progress import Report

ROWS_A_BATCH = 16


def export(release: Path, view: str, out: Path, report: Report) -> dict[str, int]:
    """Write a release (its folder, or the folder of releases: the newest) to `out` as a view; returns rows by split.

    Raises PublishError where there is no whole release, `view` is none, or `out` cannot be written.
    """
    if view not in VIEWS:
        raise PublishError(f"there is no view {view!r}; there are: {', '.join(sorted(VIEWS))}")
    folder, manifest = read_manifest(release)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        return _write_all(VIEWS[view], folder, manifest, out, report)


def _write_all(view: View, folder: Path, manifest: Manifest, out: Path, report: Report) -> dict[str, int]:
    written: dict[str, int] = {}
    for split in dict.fromkeys(shard.split for shard in manifest.shards):
        shards = [shard for shard in manifest.shards if shard.split == split]
        before = sum(written.values())
        told = partial(_tell, report, before, manifest.rows)
        written[split] = _write(view, folder, shards, out / split, told)
    for name, text in view.beside(list(written)).items():
        (out / name).write_text(text, "utf-8")
    return written


def read_manifest(release: Path) -> tuple[Path, Manifest]:
    """The folder and manifest of a release, or of the newest in a folder of releases; raises PublishError."""
    try:
        pointer = release / LATEST
        folder = release / Latest.model_validate_json(pointer.read_bytes()).release if pointer.exists() else release
        return folder, Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PublishError(f"there is no release in {release}: publish one, or name its folder") from error
    except OSError as error:
        raise PublishError(
            f"cannot read the release in {release}: {error}. Fix permissions, or fetch it anew"
        ) from error
    except ValidationError as error:
        raise PublishError(f"{release} holds a manifest that cannot be read: {error}") from error


def _tell(report: Report, before: int, total: int, rows: int) -> None:
    report(before + rows, total, "exporting")


def _write(view: View, folder: Path, shards: list[Shard], stem: Path, told: Callable[[int], None]) -> int:
    path = stem.with_suffix(f".{view.form}")
    fresh = path.with_name(f".{path.name}.new")
    rows = partial(_converted, view, folder, shards, told)
    try:
        count = _write_parquet(rows, fresh, view) if view.form == "parquet" else _write_lines(rows, fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return count


def _converted(view: View, folder: Path, shards: list[Shard], told: Callable[[int], None]) -> Iterator[list[Row]]:
    done = 0
    for shard in shards:
        with _reading(folder / shard.path), pq.ParquetFile(folder / shard.path) as file:
            for batch in file.iter_batches(ROWS_A_BATCH, columns=list(view.columns)):
                yield [view.convert(row) for row in batch.to_pylist()]
                done += batch.num_rows
                told(done)


@contextmanager
def _reading(shard: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise PublishError(
            f"{shard} cannot be read ({error}): `factory publish verify` says what else is wrong there; fetch or "
            "publish the release again"
        ) from error


def _write_lines(batches: Callable[[], Iterator[list[Row]]], path: Path) -> int:
    count = 0
    with path.open("wb") as file:
        for rows in batches():
            file.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
            count += len(rows)
    return count


def _write_parquet(batches: Callable[[], Iterator[list[Row]]], path: Path, view: View) -> int:
    """Rows become a table with their JSON as text, which is then said to be JSON."""
    text = pa.large_string()
    stored = view.shape(text) if view.shape else _shape(batches)
    typed = view.shape(pa.json_(text)) if view.shape else None
    count = 0
    with pq.ParquetWriter(path, typed or stored, compression="zstd") as writer:
        for rows in batches():
            table = pa.Table.from_pylist(rows, schema=stored)
            writer.write_table(table.cast(typed) if typed else table)
            count += len(rows)
    return count


def _shape(batches: Callable[[], Iterator[list[Row]]]) -> pa.Schema:
    """The shape of all rows: a pass of its own, since a tool may come late."""
    shape = pa.schema([])
    for rows in batches():
        shape = pa.unify_schemas([shape, pa.Table.from_pylist(rows).schema], promote_options="permissive")
    return shape
