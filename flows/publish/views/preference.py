"""The view `preference`: pairs of a kept and a rejected attempt at one question, with the gates' reasons, for DPO.

Pairs hold no attempt that a release must not hold because of its content: withdrawn, contaminated, with secrets,
or a duplicate.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.publish.build.bucket_rows import SCALARS, TURNS, read_bucket, scatter
from flows.publish.build.licenses import EVERY_LICENSE, create_license_refusals
from flows.publish.build.questions import create_question_tasks
from flows.publish.build.rows import fold
from flows.publish.build.split import BUCKET_BYTES, Selection
from flows.publish.build.work_folder import work_folder
from flows.publish.errors import writing
from flows.publish.views.view import LakeView
from flows.settings.publish import Licenses
from schemas import arrow_schema
from schemas.shard import PreferenceRow
from warehouse.connect import create_temp_table, query
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake
from warehouse.parquet_encoding import encodings
from warehouse.takedown import create_withdrawn

SIDES = ("chosen", "rejected")
ROW_GROUP_ROWS = 100


def write_preference(  # noqa: PLR0913, PLR0917 (a view of the lake has these)
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    seed: int,
    out: Path,
    report: ProgressCallback,
    licenses: Licenses = EVERY_LICENSE,
) -> int:
    """Write the pairs to the Parquet file `out`; returns their number. Raises PublishError, PublishRunning."""
    create_withdrawn(con)
    create_license_refusals(con, licenses)
    create_question_tasks(con)
    create_temp_table(con, "chosen", query("publish", "preference_pairs"), {"seed": seed, "bucket_bytes": BUCKET_BYTES})
    rows = con.sql("from chosen order by position").to_arrow_table()
    with work_folder(out.with_name(f".{out.name}.work")) as work:
        if rows.num_rows:
            ended, run, refine_id = (pc.max(rows[name]).as_py() for name in ("ended_at", "run_id", "refine_id"))
            scatter(con, lake, Selection(rows, refine_id, ended, run), work)
        _write_pairs(rows, work, out.name, report)
        with writing(out):
            (work / out.name).replace(out)
    return int(rows.num_rows // 2)


def _write_pairs(rows: pa.Table, work: Path, name: str, report: ProgressCallback) -> None:
    done, schema = 0, arrow_schema(PreferenceRow)
    with pq.ParquetWriter(work / name, schema, **encodings(schema)) as writer:
        for pairs in _pairs(rows, work):
            writer.write_table(pairs, row_group_size=ROW_GROUP_ROWS)
            done += pairs.num_rows
            report(done, rows.num_rows // 2, "writing pairs")


def _pairs(rows: pa.Table, work: Path) -> Iterator[pa.Table]:
    reasons = rows["reasons"]
    for bucket in pc.unique(rows["bucket"]).to_pylist():
        turns = read_bucket(work / TURNS, bucket, ["position", "index"])
        scalars = read_bucket(work / SCALARS, bucket, ["position"])
        yield _paired(fold(turns, scalars), reasons.take(scalars["position"]))


def _paired(rows: pa.Table, reasons: pa.ChunkedArray) -> pa.Table:
    """One pair per two consecutive rows (chosen, rejected): shared columns once, the others with a side's prefix."""
    schema, sides = arrow_schema(PreferenceRow), {}
    for first, side in enumerate(SIDES):
        places = pa.array(range(first, rows.num_rows, 2))
        sides[side] = rows.take(places).append_column("reasons", reasons.take(places))
    columns = []
    for field in schema:
        side, _, name = field.name.partition("_")
        table, name = (sides[side], name) if side in sides else (sides["chosen"], field.name)
        columns.append(table[name].combine_chunks().cast(field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _write(  # noqa: PLR0913, PLR0917
    con: duckdb.DuckDBPyConnection, lake: Lake, seed: int, out: Path, report: ProgressCallback, licenses: Licenses
) -> tuple[int, str]:
    return write_preference(con, lake, seed, out, report, licenses), unpaired_note(con)


def unpaired_note(con: duckdb.DuckDBPyConnection) -> str:
    """How many attempts are in no pair because they have several segments; empty if none is."""
    ((count,),) = con.execute("select count(*) from trajectories where n_segments > 1 and parent_id is null").fetchall()
    return f"{count} attempts of several segments are in no pair: a pair is two whole conversations" if count else ""


PREFERENCE = LakeView(_write)
