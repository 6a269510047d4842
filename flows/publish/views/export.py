"""Exports a release for one trainer: streams its shards through a view, one file per split.

Each file appears whole. A release is read from its own folder, so that an export needs nothing of the lake and
works wherever the release was copied.
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
from flows.publish.views.registry import load_release_view
from flows.publish.views.view import MESSAGE_COLUMNS, SEGMENT_COLUMNS, Batches, ReleaseView, Row
from schemas import Manifest, Shard
from schemas.release import Latest
from warehouse.console.progress import ProgressCallback

BATCH_ROWS = 16


def export(release: Path, view: str, out: Path, report: ProgressCallback) -> dict[str, int]:
    """Write a release to the folder `out` as a view; returns the number of rows per split.

    `release` is a release's folder, or a folder of releases, of which the newest is taken. Raises PublishError if
    there is no intact release, there is no such view, or `out` cannot be written.
    """
    loaded = load_release_view(view)
    folder, manifest = read_manifest(release)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        return _write_splits(loaded, folder, manifest, out, report)


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
        reason = str(error).replace("\n", " ")
        raise PublishError(
            f"{release} holds a manifest that cannot be read: {reason}. `factory publish` writes that of the newest "
            "release anew; pull or restore an earlier one"
        ) from error


def _write_splits(
    view: ReleaseView, folder: Path, manifest: Manifest, out: Path, report: ProgressCallback
) -> dict[str, int]:
    written: dict[str, int] = {}
    for split in dict.fromkeys(shard.split for shard in manifest.shards):
        shards = [shard for shard in manifest.shards if shard.split == split]
        progress = partial(_report_rows, report, sum(written.values()), manifest.rows)
        batches = partial(_converted, view, folder, shards, progress)
        written[split] = _write(view, manifest, batches, out / f"{split}.{view.form}")
    for name, text in view.extra_files(list(written)).items():
        (out / name).write_text(text, "utf-8")
    return written


def _report_rows(report: ProgressCallback, before: int, total: int, rows: int) -> None:
    report(before + rows, total, "exporting")


def _write(view: ReleaseView, manifest: Manifest, batches: Batches, path: Path) -> int:
    fresh = path.with_name(f".{path.name}.new")
    try:
        if view.write:
            count = view.write(batches, fresh, manifest, path.stem)
        else:
            count = _write_parquet(batches, fresh, view) if view.form == "parquet" else _write_lines(batches, fresh)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return count


def _converted(
    view: ReleaseView, folder: Path, shards: list[Shard], progress: Callable[[int], None]
) -> Iterator[list[Row]]:
    done = 0
    for shard in shards:
        with _reading(folder / shard.path), pq.ParquetFile(folder / shard.path) as file:
            if lacking := set(MESSAGE_COLUMNS) - set(file.schema_arrow.names):
                raise pa.ArrowInvalid(f"it is no shard: it lacks {', '.join(sorted(lacking))}")
            for batch in file.iter_batches(BATCH_ROWS, columns=[*view.columns, *SEGMENT_COLUMNS]):
                selected = (view.select(row) for row in batch.to_pylist())
                yield [view.convert(row) for row in selected if row is not None]
                done += batch.num_rows
                progress(done)


@contextmanager
def _reading(shard: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise PublishError(
            f"{shard} cannot be read ({error}): `factory publish verify` lists every damaged file; fetch or publish "
            "the release again"
        ) from error


def _write_lines(batches: Batches, path: Path) -> int:
    count = 0
    with path.open("wb") as file:
        for rows in batches():
            file.writelines(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
            count += len(rows)
    return count


def _write_parquet(batches: Batches, path: Path, view: ReleaseView) -> int:
    """Make tables with JSON as text, then cast that text to Arrow's JSON type if the view has a schema."""
    text = pa.large_string()
    stored = view.schema(text) if view.schema else _inferred_schema(batches)
    typed = view.schema(pa.json_(text)) if view.schema else None
    count = 0
    with pq.ParquetWriter(path, typed or stored, compression="zstd") as writer:
        for rows in batches():
            table = pa.Table.from_pylist(rows, schema=stored)
            writer.write_table(table.cast(typed) if typed else table)
            count += len(rows)
    return count


def _inferred_schema(batches: Batches) -> pa.Schema:
    """The schema that fits all rows. It takes a pass of its own, since a tool can first occur in the last row."""
    schema = pa.schema([])
    for rows in batches():
        schema = pa.unify_schemas([schema, pa.Table.from_pylist(rows).schema], promote_options="permissive")
    return schema
