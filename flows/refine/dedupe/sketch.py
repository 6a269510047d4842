"""Reads the long text of each lake part once, ever, and leaves narrow rows of it for all later work.

The sketch is `turn_facts`, a row a turn. The files of `warehouse/sql/sketches` add columns to the turns, each to
what the files before it left, so that all of them are one query that streams over the text; those of
`warehouse/sql/closer` then read again the few turns that need it. A part's rows depend on nothing but the part, the
SQL and the settings that it names, so parts can be sketched in any order, by any number of processes, with the
same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa

from flows.refine.dedupe.part_cache import (
    EMPTY,
    file_of,
    in_order,
    lacking_of,
    put_each,
    remove_stale,
    together,
    widened,
)
from schemas import Turn, content_id
from warehouse.connect import keep_as, named_in, run, sql_files
from warehouse.console.progress import Report
from warehouse.lake import Lake
from warehouse.parallel_queries import at_once, side_by_side

BATCH_BYTES = 64 * 1024 * 1024
"""Bytes on disk of the parts that one query reads; its rows, some 40 MB of 400 MB of text, are held in memory."""
NARROW = ("trajectory_id", "index", "role", "parse", "finish_reason", "tool_call_id", "kind", "url")
"""Columns of a turn that its row keeps."""
LONG = ("content", "reasoning", "tool_calls", "observation", "redacted", "detector", "secrets")
"""Columns of a turn that the files read besides."""
HANDED_ON = ("said", "following", "pieces", "threes")
"""Columns that a file makes for those after it; no row keeps them."""


class SketchError(Exception):
    """The sketch's rows are not those of the turns; says of which parts, and what to mend."""


@dataclass(frozen=True)
class Sketch:
    """The SQL that makes the rows, with the parameters that it names, and the folder where they stand."""

    adding: Mapping[str, str]
    closer: Mapping[str, str]
    parameters: Mapping[str, object]
    folder: Path
    narrow: Sequence[str] = NARROW


def sketch_of(con: duckdb.DuckDBPyConnection, home: Path, parameters: Mapping[str, object]) -> Sketch:
    """The sketch of today's SQL. Other SQL, settings or DuckDB have another folder in `home`."""
    adding, closer = sql_files("sketches"), sql_files("closer")
    named = set[str]().union(*(named_in(con, text) for text in (*adding.values(), *closer.values())))
    used = {key: parameters[key] for key in sorted(named)}
    version = content_id("sketch", adding, closer, used, duckdb.__version__)[:12]
    return Sketch(adding, closer, used, home / f"turn_facts-{version}")


def sketch_parts(con: duckdb.DuckDBPyConnection, lake: Lake, sketch: Sketch, report: Report) -> dict[str, Path]:
    """Sketch every part that is not yet sketched, and show all; returns the parts by the sketch's files.

    Files of parts that the lake no longer has are removed, and folders beside the sketch's that are not its own.
    Raises SketchError when a file of `sketches` loses rows.
    """
    parts = parts_of(lake)
    remove_stale(sketch.folder, parts)
    sketch_lacking(con, sketch, parts, report)
    show_turns(con, sketch, parts)
    return parts


def show_turns(con: duckdb.DuckDBPyConnection, sketch: Sketch, files: Iterable[str]) -> None:
    """Make `turn_facts` a view over those files of the sketch."""
    shown = _list([sketch.folder / file for file in files])
    con.execute(f"create or replace view turn_facts as select * from read_parquet({shown})")


def show_text(con: duckdb.DuckDBPyConnection, parts: Iterable[Path]) -> None:
    """Make `turns_at_hand` a view over those parts, for what few gates read of them."""
    read = f"read_parquet({_list(parts)}, union_by_name = true)"
    con.execute(f"create or replace view turns_at_hand as select * from {read}")


def parts_of(lake: Lake) -> dict[str, Path]:
    """Every part of turns, by the name of its sketch; the empty one is there for views to bind without any other.

    It is the last: of files that are read together DuckDB takes the first to tell how many rows they have.
    """
    return {file_of(part): part for part in lake.parts(Turn)} | {EMPTY: lake.empty_part(Turn)}


def sketch_lacking(con: duckdb.DuckDBPyConnection, sketch: Sketch, parts: Mapping[str, Path], report: Report) -> None:
    """Sketch those of the parts that are not yet sketched, with the tasks' `truths`.

    Columns that were not there when a part was written are null: the lake's empty part says all of them.
    """
    if not (lacking := lacking_of(sketch.folder, parts)):
        return
    if any("truths" in text for text in sketch.adding.values()):
        keep_truths(con)

    def sketch_some(files: Sequence[str], own: duckdb.DuckDBPyConnection) -> None:
        rows = _rows(own, sketch, [parts[EMPTY], *(parts[file] for file in files)])
        put_each(rows, [sketch.folder / file for file in files])

    lots = together(lacking, parts, BATCH_BYTES, at_once(con))
    queries = {f"sketch {files[0]}": partial(sketch_some, files) for files in lots}
    side_by_side(con, queries, report)


def keep_truths(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `truths`, once a connection: tasks land before what is decided on."""
    run(con, f"create table if not exists truths as {sql_files('refine')['truths']}")


def _rows(con: duckdb.DuckDBPyConnection, sketch: Sketch, parts: Sequence[Path]) -> pa.Table:
    """The sketch's rows in the order of the parts and of their rows, whatever DuckDB's threads did."""
    con.execute(
        f"create or replace temp view turns_read as select {', '.join((*sketch.narrow, *LONG))}, "
        "file_index::bigint - 1 as part, file_row_number as row "
        f"from read_parquet({_list(parts)}, union_by_name = true, file_row_number = true)"
    )
    query = "from turns_read"
    for text in sketch.adding.values():
        query = _over(query, text)
    rows = in_order(_asked(con, f"select * exclude ({', '.join((*LONG, *HANDED_ON))}) from ({query})", sketch))
    _check_whole(con, rows, parts)
    return _looked_closer(con, sketch, rows) if sketch.closer else rows


def _looked_closer(con: duckdb.DuckDBPyConnection, sketch: Sketch, rows: pa.Table) -> pa.Table:
    """The rows with what each of the closer files adds to some of them, which it finds in `told`."""
    con.register("rows", rows)
    keep_as(con, "told", "from rows")
    con.unregister("rows")
    for text in sketch.closer.values():
        rows = widened(rows, _asked(con, _over("from turns_read", text), sketch))
    return rows


def _asked(con: duckdb.DuckDBPyConnection, query: str, sketch: Sketch) -> pa.Table:
    """An answer that goes straight to Arrow: a table of DuckDB's between them takes a tenth of the time."""
    named = named_in(con, query)
    return con.sql(query, params={name: sketch.parameters[name] for name in named}).to_arrow_table()


def _over(turns: str, text: str) -> str:
    """The text of a file, reading these turns."""
    return f"with turn_part as ({turns}) select * from ({text})"


def _check_whole(con: duckdb.DuckDBPyConnection, rows: pa.Table, parts: Sequence[Path]) -> None:
    [(read,)] = con.execute("select count(*) from turns_read").fetchall()
    if rows.num_rows != read:
        raise SketchError(
            f"of {read} turns, from {parts[-1].name} back, the sketch has {rows.num_rows} rows: "
            "each file of sql/sketches must give every row of turn_part once; mend it, then run refine again"
        )


def _list(paths: Iterable[Path]) -> str:
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"
