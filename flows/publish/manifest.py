"""What a release is called and what made it, before its files have their footers.

A release is named after its data and their lineage, so that the same lake and settings give the same name,
and a name never stands for other bytes.
"""

from importlib.metadata import version
from typing import TypeVar

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from flows.publish.build.split import Selection
from flows.publish.build.student import Students
from flows.settings import Publish
from schemas import Manifest, sha256_text
from schemas.record import SCHEMA_VERSION
from schemas.release import CheckedBenchmark, Teacher, Withdrawn, release_id
from warehouse.connect import sql_files

SHAPING = {"validation_share", "seed", "training_window", "shard_mb", "row_group_mb"}
SAME = ("settings", "schema_version", "writer", "teachers", "student")
"""What a manifest says that makes the same data another release."""
Listed = TypeVar("Listed", bound=BaseModel)


def describe(
    con: duckdb.DuckDBPyConnection, selection: Selection, data: list[str], settings: Publish, student: Students | None
) -> Manifest:
    """The manifest of a release of this data; its files are not in it yet. Reads the table `withdrawn`.

    Where the newest release of the lake is of the same data and settings, it is that release: another refine that
    decided the same makes no other.
    """
    newest = _newest(con)
    fresh = Manifest(
        release_id="",
        name="unnamed",
        schema_version=SCHEMA_VERSION,
        code_version=version("horizon-factory"),
        writer=f"pyarrow {pa.__version__}",
        created_at=selection.created_at,
        parent=newest.release_id if newest else None,
        refine_id=selection.refine_id,
        settings=settings.model_dump(include=SHAPING),
        gates={name: sha256_text(text) for name, text in sql_files("gates").items()},
        rows=selection.rows.num_rows,
        tokens=pc.sum(selection.rows["n_tokens"]).as_py(),
        shards=[],
        benchmarks=_listed(con, "benchmarks", CheckedBenchmark),
        teachers=_listed(con, "teachers", Teacher),
        student=student.identity if student else None,
        withdrawn=_listed(con, "withdrawn", Withdrawn),
    )
    if newest and newest.data == data and all(getattr(newest, name) == getattr(fresh, name) for name in SAME):
        return newest.model_copy(update={"shards": [], "rows": fresh.rows, "tokens": fresh.tokens})
    own_id = release_id(data, fresh.lineage())
    return fresh.model_copy(update={"release_id": own_id, "name": f"{selection.newest_run}-{own_id[:8]}"})


def _newest(con: duckdb.DuckDBPyConnection) -> Manifest | None:
    """The newest release of the lake."""
    found = con.execute(sql_files("publish")["newest_release"]).fetchall()
    return Manifest.model_validate_json(found[0][1]) if found else None


def _listed(con: duckdb.DuckDBPyConnection, query: str, model: type[Listed]) -> list[Listed]:
    rows = con.sql(sql_files("publish")[query]).to_arrow_table().to_pylist()
    return [model.model_validate(row) for row in rows]
