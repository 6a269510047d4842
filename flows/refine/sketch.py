"""Reads the long text of each lake part once, ever, and leaves narrow rows of it for all later work.

A sketch is one file of `warehouse/sql/sketches`: a select over `turn_part`, the turns of whole trajectories.
All sketches that a part still lacks are answered from one pass over it, and the rows are kept as Parquet per
part. A part's sketch depends on nothing but the part, the SQL and the settings that it names, so parts can be
sketched in any order, by any number of processes, with the same bytes.
"""

import re
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from flows.refine.sketch_files import EMPTY, Rows, file_of, split
from flows.refine.turns_of_parts import BATCH_BYTES, turns_of_parts
from schemas import Turn, arrow_schema, content_id, sha256_text
from warehouse.connect import sql_files
from warehouse.lake import Lake
from warehouse.progress import Report


class SketchError(Exception):
    """A sketch's rows cannot be kept; says which sketch and why."""


@dataclass(frozen=True)
class Sketch:
    """One file of `warehouse/sql/sketches`, with the parameters that it names and where its rows stand."""

    name: str
    text: str
    parameters: dict[str, object]
    folder: Path


def sketch_parts(con: duckdb.DuckDBPyConnection, lake: Lake, sketches: list[Sketch], report: Report) -> None:
    """Sketch every part that is not yet sketched, then make each sketch a view of its name over all parts.

    Files of parts that the lake no longer has are removed, and folders beside the sketches' that are not theirs.
    Raises SketchError when a sketch's rows do not say which trajectory they are of.
    """
    parts = {file_of(part): part for part in lake.parts(Turn)}
    _remove_stale(sketches, parts.keys())
    _sketch_nothing(con, sketches)
    schema, done = lake.empty_part(Turn), 0
    for lacking, files in _together(sketches, parts):
        report(done, len(parts), f"sketch {files[0]}")
        _sketch_files(con, schema, lacking, {file: parts[file] for file in files})
        done += len(files)
    for sketch in sketches:
        paths = ", ".join(_literal(str(sketch.folder / file)) for file in (EMPTY, *parts))
        con.execute(f"create or replace temp view {sketch.name} as select * from read_parquet([{paths}])")


def sketches_of(con: duckdb.DuckDBPyConnection, home: Path, parameters: Mapping[str, object]) -> list[Sketch]:
    """Every sketch. Its folder in `home` has another name for other SQL, parameters or DuckDB (hashes are its own)."""
    found = []
    for name, text in sql_files("sketches").items():
        (statement,) = con.extract_statements(text)
        named = {key: parameters[key] for key in sorted(statement.named_parameters)}
        version = content_id("sketch", sha256_text(text), named, duckdb.__version__)[:12]
        found.append(Sketch(name, text, named, home / f"{name}-{version}"))
    return found


def _together(sketches: list[Sketch], parts: Mapping[str, Path]) -> Iterator[tuple[list[Sketch], list[str]]]:
    """Files of parts that lack the same sketches, and those; BATCH_BYTES of parts at once, or one that is larger."""
    wanted: list[Sketch] = []
    files: list[str] = []
    size = 0
    for file, part in parts.items():
        lacking = [sketch for sketch in sketches if not (sketch.folder / file).exists()]
        of_part = part.stat().st_size
        if files and (lacking != wanted or size + of_part > BATCH_BYTES):
            yield wanted, files
            files, size = [], 0
        if lacking:
            wanted, files, size = lacking, [*files, file], size + of_part
    if files:
        yield wanted, files


def _sketch_files(
    con: duckdb.DuckDBPyConnection, schema: Path, sketches: list[Sketch], parts: Mapping[str, Path]
) -> None:
    """Answer the sketches on a few parts; the rows of each part go into a file of its own, when all are read."""
    columns = _columns(sketches)
    with ExitStack() as open_files:
        kept = {
            sketch.name: [open_files.enter_context(Rows(sketch.folder / file)) for file in parts] for sketch in sketches
        }
        for owners in turns_of_parts(con, schema, list(parts.values()), columns, once=len(sketches) > 1):
            for sketch in sketches:
                for file, rows in zip(kept[sketch.name], split(_answer(con, sketch), owners), strict=True):
                    file.write(rows)


def _sketch_nothing(con: duckdb.DuckDBPyConnection, sketches: list[Sketch]) -> None:
    """Each sketch of no turns, so that its view binds before the first part lands."""
    con.register("turn_part", arrow_schema(Turn).empty_table())
    for sketch in (sketch for sketch in sketches if not (sketch.folder / EMPTY).exists()):
        with Rows(sketch.folder / EMPTY) as file:
            file.write(_answer(con, sketch))
    con.unregister("turn_part")


def _answer(con: duckdb.DuckDBPyConnection, sketch: Sketch) -> pa.Table:
    """The sketch's rows in a fixed order, whatever DuckDB's threads did."""
    rows = con.sql(f"select * from ({sketch.text}) order by all", params=sketch.parameters).to_arrow_table()
    if "trajectory_id" not in rows.column_names:
        raise SketchError(f"sql/sketches/{sketch.name}.sql: its rows have no trajectory_id; select it, then run again")
    return rows


def _columns(sketches: list[Sketch]) -> list[str]:
    words = {"trajectory_id"}.union(*(re.findall(r"\w+", sketch.text) for sketch in sketches))
    return [name for name in arrow_schema(Turn).names if name in words]


def _remove_stale(sketches: list[Sketch], files: Collection[str]) -> None:
    for home in {sketch.folder.parent for sketch in sketches}:
        home.mkdir(parents=True, exist_ok=True)
        for folder in set(home.iterdir()) - {sketch.folder for sketch in sketches}:
            shutil.rmtree(folder, ignore_errors=True)
    for sketch in sketches:
        for path in sketch.folder.glob("[!.]*.parquet"):
            if path.name != EMPTY and path.name not in files:
                path.unlink(missing_ok=True)


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
