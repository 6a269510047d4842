"""Makes a release of the trajectories that the newest refine kept, stores it, and records it in the lake.

A release follows from the lake and the settings alone: the same inputs give the same bytes and the same id, so a
publish that is repeated, also after a kill, ends with one release and one set of rows.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import duckdb
import numpy as np
import pyarrow as pa

from flows.publish.build.bucket_rows import scatter
from flows.publish.build.card import dataset_card
from flows.publish.build.licenses import create_license_refusals
from flows.publish.build.packing import write_packs
from flows.publish.build.parquet_metadata import lineage_metadata
from flows.publish.build.shards import ShardFiles, write_shards
from flows.publish.build.split import Selection, select_trajectories
from flows.publish.build.student import StudentColumns
from flows.publish.build.work_folder import work_folder
from flows.publish.errors import PublishError
from flows.publish.manifest import build_manifest
from flows.publish.stores.open import open_store
from flows.publish.stores.protocol import CARD, MANIFEST
from flows.publish.withdraw import check_withdrawn
from flows.settings import Publish, Settings
from schemas import Manifest, Published, Release, arrow_schema
from warehouse.connect import connect, query
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake

WORKER = "publish"
KEPT_NONE = "the newest refine kept no trajectory"


def run_publish(settings: Settings, day: date, report: ProgressCallback) -> dict[str, int | str]:
    """Publish all kept trajectories; returns release_id, rows, tokens, shards and location.

    Without kept trajectories it publishes nothing, leaves earlier releases as they are, and returns a `note`.
    Raises PublishError if trajectories have missing turns or are of a rehearsal, or the store cannot be written.
    """
    lake, store = Lake(settings.lake), open_store(settings.publish)
    store.check()
    spill = settings.state / "spill"
    with (
        work_folder(store.build_folder(settings.state)) as folder,
        connect(lake, spill=spill, memory_limit=settings.publish.memory_limit) as con,
    ):
        selection = select_trajectories(con, settings.publish)
        if selection is None:
            return _nothing(report, create_license_refusals(con, settings.publish.licenses))
        check_withdrawn(con)
        _refuse_rehearsals(con)
        student = _student(settings.publish)
        report(0, selection.rows.num_rows, "gathering turns")
        scatter(con, lake, selection, folder)
        written = write_shards(selection, settings, folder, report, student)
        draft = build_manifest(con, selection, written, settings.publish, student)
        shards = [shard for files in written for shard in files.seal(lineage_metadata(draft))]
        built = folder / "release"
        manifest = draft.model_copy(update={"shards": shards, "packs": write_packs(shards, built)})
        (built / CARD).write_text(dataset_card(con, manifest, settings.publish), "utf-8")
        (built / MANIFEST).write_text(manifest.text(), "utf-8")
        stored = store.put(built, manifest, report)
        location = store.location(manifest.name)
        record_release(con, lake, _first_rows(selection, written), _release_row(stored, location, day), day)
    unrendered = sum(manifest.unrendered.values())
    lacking = f", {unrendered} trajectories without student tokens (see its card)" if unrendered else ""
    refused = sum(selection.refused.values())
    left_out = f", {refused} trajectories left out by publish.licenses (see its card)" if refused else ""
    report(manifest.rows, manifest.rows, f"release {manifest.name}{lacking}{left_out}")
    return {
        "release_id": manifest.release_id,
        "rows": manifest.rows,
        "tokens": manifest.tokens,
        "shards": len(shards),
        "location": location,
        **selection.refused,
    }


def _refuse_rehearsals(con: duckdb.DuckDBPyConnection) -> None:
    """Raise PublishError if kept rows are of a rehearsal's policies, whatever the gates decide."""
    found = con.execute(query("publish", "rehearsed")).fetchall()
    if found:
        engines = ", ".join(f"{n} of {engine}" for engine, n in found)
        raise PublishError(
            f"{engines} among the kept trajectories: scripted policies of `factory rehearse` are never released. Take "
            "rehearsal out of refine.advisory_gates, and run `factory refine` again."
        )


def record_release(
    con: duckdb.DuckDBPyConnection, lake: Lake, trajectories: pa.Table, release: Release, day: date
) -> None:
    """Write the release to the lake, its published rows first: the release's own row then means that all are there.

    `trajectories` are the selected ones, each with `place`, the number of its first row over all shards.
    A release that the lake has already, at the same location, is not written again.
    """
    parameters = {"release_id": release.release_id, "location": release.location}
    published_rows, recorded = con.execute(query("publish", "release_state"), parameters).fetchone() or (0, 0)
    if recorded and published_rows:
        return
    part = lake.next_part(day, WORKER, Release)
    if not published_rows:
        lake.write_table(Published, _published_rows(trajectories, release), part)
    if not recorded:
        lake.write(Release, [release], part)


def _release_row(manifest_text: str, location: str, day: date) -> Release:
    manifest = Manifest.model_validate_json(manifest_text)
    return Release(
        release_id=manifest.release_id,
        location=location,
        rows=manifest.rows,
        tokens=manifest.tokens,
        manifest=manifest_text,
        published_at=datetime.now(UTC),
        run_id=day.isoformat(),
    )


def _student(settings: Publish) -> StudentColumns | None:
    return StudentColumns(settings.student, settings.student_renderer) if settings.student else None


def _first_rows(selection: Selection, written: Sequence[ShardFiles]) -> pa.Table:
    """The selected trajectories with the number of the first row of each over all shards, `place`."""
    counts = [count for files in written for count in files.row_counts]
    return selection.rows.append_column("place", pa.array(np.cumsum(counts) - counts))


def _published_rows(trajectories: pa.Table, release: Release) -> pa.Table:
    manifest = Manifest.model_validate_json(release.manifest)
    rows = [shard.rows for shard in manifest.shards]
    places = trajectories["place"].to_numpy()
    of_shard = np.repeat(np.arange(len(rows)), rows)[places]
    first = np.cumsum([0, *rows[:-1]])[of_shard]
    columns = {
        **{name: trajectories[name] for name in ("trajectory_id", "task_id", "split", "n_tokens")},
        "release_id": pa.repeat(manifest.release_id, len(of_shard)),
        "shard": pa.array([shard.path for shard in manifest.shards]).take(pa.array(of_shard)),
        "row": pa.array(places - first),
        "run_id": pa.repeat(release.run_id, len(of_shard)),
    }
    schema = arrow_schema(Published)
    return pa.table({name: columns[name] for name in schema.names}).cast(schema)


def _nothing(report: ProgressCallback, refused: Mapping[str, int]) -> dict[str, int | str]:
    reasons = ", ".join(f"{n} by {reason}" for reason, n in refused.items())
    cause = f"publish.licenses refuses all kept trajectories ({reasons})" if reasons else KEPT_NONE
    note = f"{cause}: no release was made, earlier ones are unchanged"
    report(0, 0, note)
    return {"release_id": "", "rows": 0, "tokens": 0, "shards": 0, "location": "", "note": note}
