"""Reads the long text of each lake part once, ever, and leaves narrow rows of it for all later work.

A sketch is one file of `warehouse/sql/sketches`: a select over `turn_part`, the turns of some whole
trajectories of one part. All sketches that a part still lacks are answered from one pass over it, and the
rows are kept as Parquet per part. A part's sketch depends on nothing but the part, the SQL and the settings
that it names, so parts can be sketched by any number of processes, with the same bytes.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from schemas import Turn, arrow_schema, content_id, sha256_text
from warehouse.connect import sql_files
from warehouse.lake import Lake
from warehouse.progress import Report

BATCH_BYTES = 32 * 1024 * 1024
"""Arrow bytes of turns that are sketched at once; a longer trajectory is still taken whole."""
ROW_GROUPS = 16
EMPTY = "empty.parquet"


@dataclass(frozen=True)
class Sketch:
    """One file of `warehouse/sql/sketches`, with the parameters that it names and where its rows stand."""

    name: str
    text: str
    parameters: dict[str, object]
    folder: Path


def sketch_parts(
    con: duckdb.DuckDBPyConnection, lake: Lake, home: Path, parameters: Mapping[str, object], report: Report
) -> None:
    """Sketch every part that is not yet sketched, then make each sketch a view of its name over all parts.

    `home` holds one folder a sketch and version; folders of other versions, and files of parts that the
    lake no longer has, are removed.
    """
    sketches = sketches_of(con, home, parameters)
    parts = {_file(part): part for part in lake.parts(Turn)}
    _remove_stale(home, sketches, parts.keys())
    for sketch in sketches:
        _sketch_part(con, [sketch], EMPTY, iter([arrow_schema(Turn).empty_table()]))
    for done, (file, part) in enumerate(parts.items()):
        report(done, len(parts), f"sketch {part.name}")
        if lacking := [sketch for sketch in sketches if not (sketch.folder / file).exists()]:
            _sketch_part(con, lacking, file, batches(part, _columns(lacking)))
    for sketch in sketches:
        paths = ", ".join(_literal(str(sketch.folder / file)) for file in (EMPTY, *parts))
        con.execute(f"create or replace temp view {sketch.name} as select * from read_parquet([{paths}])")


def sketches_of(con: duckdb.DuckDBPyConnection, home: Path, parameters: Mapping[str, object]) -> list[Sketch]:
    """Every sketch; its folder's name changes with its SQL and with the parameters that the SQL names."""
    found = []
    for name, text in sql_files("sketches").items():
        (statement,) = con.extract_statements(text)
        named = {key: parameters[key] for key in sorted(statement.named_parameters)}
        version = content_id("sketch", sha256_text(text), named)[:12]
        found.append(Sketch(name, text, named, home / f"{name}-{version}"))
    return found


def batches(part: Path, columns: list[str]) -> Iterator[pa.Table]:
    """The turns of a part in batches of whole trajectories, about BATCH_BYTES each; the same cuts every time."""
    with pq.ParquetFile(part, read_dictionary=["trajectory_id", "role", "tool"]) as file:
        waiting: list[pa.Table] = []
        for first in range(0, file.num_row_groups, ROW_GROUPS):
            groups = list(range(first, min(first + ROW_GROUPS, file.num_row_groups)))
            waiting.append(_with_all(columns, file.read_row_groups(groups, columns=columns)))
            if sum(table.nbytes for table in waiting) >= BATCH_BYTES:
                whole, rest = _cut(pa.concat_tables(waiting))
                waiting = [rest]
                if whole.num_rows:
                    yield whole
        if waiting:
            yield pa.concat_tables(waiting)


def _with_all(columns: list[str], table: pa.Table) -> pa.Table:
    """The table with nulls for the columns that a part from before them lacks."""
    for name in columns:
        if name not in table.column_names:
            field = arrow_schema(Turn).field(name)
            table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table


def _cut(table: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The turns of all trajectories but the last, and those of the last, which may go on."""
    ids = table.column("trajectory_id").cast(pa.string())
    last, place = ids[-1], len(ids)
    while place and ids[place - 1] == last:
        place -= 1
    return table.slice(0, place), table.slice(place)


def _sketch_part(con: duckdb.DuckDBPyConnection, sketches: list[Sketch], file: str, turns: Iterator[pa.Table]) -> None:
    """Answer the sketches on one part; their files appear when all of it is read."""
    temporaries = {sketch.folder / f".{file}.{os.getpid()}.tmp": sketch for sketch in sketches}
    try:
        with ExitStack() as open_files:
            writers: dict[Path, pq.ParquetWriter] = {}
            for batch in turns:
                con.register("turn_part", batch)
                for path, sketch in temporaries.items():
                    rows = _answer(con, sketch)
                    if path not in writers:
                        sketch.folder.mkdir(parents=True, exist_ok=True)
                        writers[path] = open_files.enter_context(
                            pq.ParquetWriter(path, rows.schema, compression="zstd")
                        )
                    writers[path].write_table(rows)
        for path, sketch in temporaries.items():
            path.replace(sketch.folder / file)
    finally:
        con.unregister("turn_part")
        for path in temporaries:
            with suppress(OSError):
                path.unlink()


def _answer(con: duckdb.DuckDBPyConnection, sketch: Sketch) -> pa.Table:
    """The sketch's rows in a fixed order, whatever DuckDB's threads did."""
    return con.sql(f"select * from ({sketch.text}) order by all", params=sketch.parameters).to_arrow_table()


def _columns(sketches: list[Sketch]) -> list[str]:
    words = {"trajectory_id"}.union(*(re.findall(r"\w+", sketch.text) for sketch in sketches))
    return [name for name in arrow_schema(Turn).names if name in words]


def _file(part: Path) -> str:
    """A file name for the sketches of a part: its own and a hash of its footer, should a part be replaced."""
    with part.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, os.SEEK_END)
        return f"{part.stem}-{sha256_text(file.read(length).hex())[:12]}.parquet"


def _remove_stale(home: Path, sketches: list[Sketch], files: Any) -> None:
    home.mkdir(parents=True, exist_ok=True)
    for folder in set(home.iterdir()) - {sketch.folder for sketch in sketches}:
        shutil.rmtree(folder, ignore_errors=True)
    for sketch in sketches:
        for path in sketch.folder.glob("[!.]*.parquet"):
            if path.name != EMPTY and path.name not in files:
                path.unlink(missing_ok=True)


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
