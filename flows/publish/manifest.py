"""Builds the manifest of a release: its id, its name and its lineage, before the files have their footers.

A release is named after its data and lineage, so that the same lake and settings give the same name, and a name
is never reused for other bytes.
"""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from flows.publish.build.licenses import EVERY_LICENSE
from flows.publish.build.shards import ShardFiles, data_hashes
from flows.publish.build.split import Selection
from flows.publish.build.student import StudentColumns
from flows.settings import Publish
from schemas import Manifest, sha256_text
from schemas.record import SCHEMA_VERSION
from schemas.release import CheckedBenchmark, Teacher, Withdrawn, release_id
from warehouse.connect import query, sql_files

RELEASE_SETTINGS = {"validation_share", "seed", "training_window", "shard_mb", "row_group_mb"}
SAME_RELEASE = ("settings", "schema_version", "writer", "teachers", "student")
"""Fields of a manifest. The same data with other values of these fields is another release."""
COUNTS = ("rows", "tokens", "trajectories", "segments", "children", "unrendered")
Part = TypeVar("Part", bound=BaseModel)


def build_manifest(
    con: duckdb.DuckDBPyConnection,
    selection: Selection,
    written: Sequence[ShardFiles],
    settings: Publish,
    student: StudentColumns | None,
) -> Manifest:
    """The manifest of a release, still without files. Reads the table `withdrawn`.

    If the newest release of the lake has the same data and settings as the written shards, its id and name are
    returned: a refine that decides the same makes no new release.
    """
    newest, data = _newest(con), data_hashes(written)
    rows = sum(count for files in written for count in files.row_counts)
    fresh = Manifest(
        release_id="",
        name="unnamed",
        schema_version=SCHEMA_VERSION,
        code_version=version("horizon-factory"),
        writer=f"pyarrow {pa.__version__}",
        created_at=selection.created_at,
        parent=newest.release_id if newest else None,
        refine_id=selection.refine_id,
        settings=_lineage_settings(settings),
        gates={name: sha256_text(text) for name, text in sql_files("gates").items()},
        rows=rows,
        trajectories=selection.rows.num_rows if rows > selection.rows.num_rows else None,
        segments=selection.n_segments if selection.n_segments > selection.rows.num_rows else None,
        children=selection.n_children or None,
        unrendered=dict(sorted(student.filled.unrendered.items())) if student else {},
        tokens=pc.sum(selection.rows["n_tokens"]).as_py(),
        rows_without_ids=selection.rows.num_rows - pc.sum(selection.rows["has_ids"]).as_py(),
        shards=[],
        benchmarks=_parts(con, "checked_benchmarks", CheckedBenchmark),
        teachers=_parts(con, "teachers", Teacher),
        student=student.identity if student else None,
        withdrawn=_parts(con, "withdrawn_rows", Withdrawn),
    )
    if newest and newest.data == data and all(getattr(newest, name) == getattr(fresh, name) for name in SAME_RELEASE):
        return newest.model_copy(update={"shards": [], **{name: getattr(fresh, name) for name in COUNTS}})
    own_id = release_id(data, fresh.lineage())
    return fresh.model_copy(update={"release_id": own_id, "name": f"{selection.newest_run}-{own_id[:8]}"})


def _lineage_settings(settings: Publish) -> dict[str, Any]:
    """The settings that a release follows from; the rule on licenses only if it is not the default."""
    named = RELEASE_SETTINGS | ({"licenses"} if settings.licenses != EVERY_LICENSE else set())
    return settings.model_dump(include=named)


def _newest(con: duckdb.DuckDBPyConnection) -> Manifest | None:
    """The manifest of the newest release in the lake; None before the first."""
    rows = con.execute(query("publish", "newest_manifest")).fetchall()
    return Manifest.model_validate_json(rows[0][1]) if rows else None


def _parts(con: duckdb.DuckDBPyConnection, name: str, model: type[Part]) -> list[Part]:
    rows = con.sql(query("publish", name)).to_arrow_table().to_pylist()
    return [model.model_validate(row) for row in rows]
