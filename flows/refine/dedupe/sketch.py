"""Sketches turns: reads the long text of each lake part once and stores narrow rows of it for all later work.

The sketch is `turn_facts`, one row per turn; copies that open a later segment are left out. Each file of
`warehouse/sql/sketches` adds columns to the turns and reads those of the files before it; together they are one query
that streams over the text. The files of `warehouse/sql/second_pass` then read the few turns that need it again. A
part's rows depend on the part, the SQL and the bound settings only, so parts can be sketched in any order and by any
number of processes, with the same bytes.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from flows.refine.dedupe.part_cache import (
    EMPTY,
    add_columns,
    batches_of,
    file_of,
    missing_files,
    remove_stale,
    sort_rows,
    write_parts,
)
from schemas import Turn, content_id
from warehouse.connect import create_shared_table, named_parameters, query, sql_files
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake
from warehouse.parallel_queries import parallelism, run_parallel

BATCH_BYTES = 64 * 1024 * 1024
"""Bytes on disk of the parts that one query reads. Its rows, some 40 MB for 400 MB of text, are held in memory."""
ALONE_BYTES = 1024 * 1024
"""Bytes of parts up to which one query reads them all: planning it takes longer than reading."""
NARROW = ("trajectory_id", "index", "segment", "role", "parse", "finish_reason", "tool_call_id", "kind", "url")
"""Columns of a turn that its row in the sketch has, too."""
LONG = ("content", "reasoning", "tool_calls", "observation", "redacted", "detector", "secrets")
"""Further columns of a turn that the SQL files read."""
FUNCTION_VERSIONS = {"shingles_version", "scripts_version", "patterns_version"}
"""Parameters that hold the versions of the SQL functions of the sketches."""
INTERMEDIATE = ("written", "text_recurs", "pieces", "trigrams")
"""Columns that one SQL file adds for later ones; they are not stored."""


class SketchError(Exception):
    """The sketch does not have one row per turn; the message names the parts and the remedy."""


@dataclass(frozen=True)
class Sketch:
    """The SQL that makes the rows, the parameters that it binds, and the folder of its files."""

    sketches: Mapping[str, str]
    second_pass: Mapping[str, str]
    parameters: Mapping[str, object]
    folder: Path
    narrow: Sequence[str] = NARROW


def open_sketch(con: duckdb.DuckDBPyConnection, home: Path, parameters: Mapping[str, object]) -> Sketch:
    """The sketch of the current SQL; each version of SQL, bound settings and DuckDB has its own folder in `home`."""
    sketches, second_pass = sql_files("sketches"), sql_files("second_pass")
    named = set[str]().union(*(named_parameters(con, text) for text in (*sketches.values(), *second_pass.values())))
    used = {key: parameters[key] for key in sorted(named | FUNCTION_VERSIONS)}
    version = content_id("sketch", NARROW, sketches, second_pass, used, duckdb.__version__)[:12]
    return Sketch(sketches, second_pass, used, home / f"turn_facts-{version}")


def sketch_parts(
    con: duckdb.DuckDBPyConnection, lake: Lake, sketch: Sketch, report: ProgressCallback
) -> dict[str, Path]:
    """Sketch every part that has no file yet and make `turn_facts` of all; returns the parts by sketch file.

    Removes files of parts that the lake no longer has, and folders of other versions.
    Raises SketchError if a file of `sketches` loses rows.
    """
    parts = parts_of(lake)
    remove_stale(sketch.folder, parts)
    sketch_missing(con, sketch, parts, report)
    view_sketch(con, sketch, parts)
    return parts


def view_sketch(con: duckdb.DuckDBPyConnection, sketch: Sketch, files: Iterable[str]) -> None:
    """Make `turn_facts` a view over these files of the sketch."""
    paths = _list([sketch.folder / file for file in files])
    con.execute(f"create or replace view turn_facts as select * from read_parquet({paths})")


def view_text(con: duckdb.DuckDBPyConnection, parts: Iterable[Path]) -> None:
    """Make `turn_texts` a view over these parts, for the few gates that read long text."""
    read = f"read_parquet({_list(parts)}, union_by_name = true)"
    con.execute(f"create or replace view turn_texts as select * from {read} where copy_of is null")


def parts_of(lake: Lake) -> dict[str, Path]:
    """Every part of turns, by the name of its sketch file; an empty part lets views bind in an empty lake.

    The empty part is the last: DuckDB estimates the number of rows of several files from the first.
    """
    return {file_of(part): part for part in lake.parts(Turn)} | {EMPTY: lake.empty_part(Turn)}


def sketch_missing(
    con: duckdb.DuckDBPyConnection, sketch: Sketch, parts: Mapping[str, Path], report: ProgressCallback
) -> None:
    """Sketch those of the parts that have no file yet, with `ground_truths` of their tasks.

    Columns that a part does not have, since it is older, are null: the lake's empty part has all columns.
    """
    if not (missing := missing_files(sketch.folder, parts)):
        return
    if any("ground_truths" in text for text in sketch.sketches.values()):
        make_ground_truths(con)

    def sketch_batch(files: Sequence[str], own: duckdb.DuckDBPyConnection) -> None:
        rows = _rows(own, sketch, [parts[EMPTY], *(parts[file] for file in files)])
        write_parts(rows, [sketch.folder / file for file in files])

    workers = parallelism(con) if sum(parts[file].stat().st_size for file in missing) > ALONE_BYTES else 1
    batches = batches_of(missing, parts, BATCH_BYTES, workers)
    queries = {f"sketch {files[0]}": partial(sketch_batch, files) for files in batches}
    with _joined_as_written(con):
        run_parallel(con, queries, report)


@contextmanager
def _joined_as_written(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Keep the order of joins in the block: the right side, which is short, is read first.

    DuckDB takes the rows of a sketch for as many as those of the lake, and reads all long text where it needs none.
    """
    con.execute("set disabled_optimizers = 'join_order,build_side_probe_side'")
    try:
        yield
    finally:
        con.execute("reset disabled_optimizers")


def make_ground_truths(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `ground_truths`, once per connection: tasks land before their trajectories."""
    exists = "select count(*) from duckdb_tables() where table_name = 'ground_truths'"
    if con.execute(exists).fetchall() == [(0,)]:  # `create table if not exists` reads all footers of the lake, too
        create_shared_table(con, "ground_truths", query("decide", "ground_truths"))


def _rows(con: duckdb.DuckDBPyConnection, sketch: Sketch, parts: Sequence[Path]) -> pa.Table:
    """The sketch's rows, sorted by part and row: DuckDB's threads do not change the order."""
    con.execute(
        f"create or replace temp view turns_read as select {', '.join((*sketch.narrow, *LONG))}, "
        "file_index::bigint - 1 as part, file_row_number as row "
        f"from read_parquet({_list(parts)}, union_by_name = true, file_row_number = true) where copy_of is null"
    )
    turns = "from turns_read"
    for text in sketch.sketches.values():
        turns = _over(turns, text)
    rows = sort_rows(_query(con, f"select * exclude ({', '.join((*LONG, *INTERMEDIATE))}) from ({turns})", sketch))
    _check_complete(con, rows, parts)
    return _with_second_pass(con, sketch, rows) if sketch.second_pass else rows


def _with_second_pass(con: duckdb.DuckDBPyConnection, sketch: Sketch, rows: pa.Table) -> pa.Table:
    """The rows with the columns of the second-pass files, each of which reads the rows so far as `sketched_rows`."""
    for text in sketch.second_pass.values():
        con.register("sketched_rows", rows)
        rows = add_columns(rows, _query(con, _over("from turns_read", text), sketch))
        con.unregister("sketched_rows")
    return rows


def _query(con: duckdb.DuckDBPyConnection, text: str, sketch: Sketch) -> pa.Table:
    """Run a query straight into Arrow: a DuckDB table in between would take a tenth of the time."""
    named = named_parameters(con, text)
    return con.sql(text, params={name: sketch.parameters[name] for name in named}).to_arrow_table()


def _over(turns: str, text: str) -> str:
    """The text of a file with these turns as `turn_part`."""
    return f"with turn_part as ({turns}) select * from ({text})"


def _check_complete(con: duckdb.DuckDBPyConnection, rows: pa.Table, parts: Sequence[Path]) -> None:
    [(read,)] = con.execute("select count(*) from turns_read").fetchall()
    if rows.num_rows != read:
        raise SketchError(
            f"of {read} turns, up to {parts[-1].name}, the sketch has {rows.num_rows} rows: "
            "each file of sql/sketches must give every row of turn_part once; correct it, then run refine again"
        )


def _list(paths: Iterable[Path]) -> str:
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"
