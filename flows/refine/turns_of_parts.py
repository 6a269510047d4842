"""The turns of a few lake parts at a time, as `turn_part`, in bounded memory.

Small parts are taken together, since a query has a price of its own; of a large part, as many whole trajectories
at a time as fit. The cuts depend on the part alone, so that its rows come in the same order every time.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

BATCH_BYTES = 24 * 1024 * 1024
"""Bytes on disk of the parts that are read together, and of the slices in which a larger part is read."""


def turns_of_parts(
    con: duckdb.DuckDBPyConnection, schema: Path, parts: Sequence[Path], columns: Sequence[str], *, once: bool
) -> Iterator[list[pa.Array]]:
    """Make `turn_part` some turns of the parts, slice after slice; yields the trajectory ids of each part in it.

    `schema` is a part of no turns; those of its columns that were not there when a part was written are null.
    With `once` the text is read into memory, for several queries; else each query reads the parts itself.
    """
    ids = _ids(con, parts)
    if len(ids) > 1 and sum(map(len, ids)) > len(pa.chunked_array(ids).unique()):
        for place, part in enumerate(parts):
            for (found,) in turns_of_parts(con, schema, [part], columns, once=once):
                yield [found if n == place else found[:0] for n in range(len(parts))]
        return
    for rows in _slices(con, parts):
        _look_at(con, schema, parts, columns, rows)
        if once:
            con.register("turns_held", con.sql("from turn_part").to_arrow_table())
            con.execute("create or replace temp view turn_part as from turns_held")
        yield ids
        con.execute("drop view turn_part")
        con.execute("drop view if exists turns_held")


def _look_at(
    con: duckdb.DuckDBPyConnection, schema: Path, parts: Sequence[Path], columns: Sequence[str], rows: range | None
) -> None:
    within = f"where file_index = 1 and file_row_number between {rows.start} and {rows.stop - 1}" if rows else ""
    con.execute(
        f"create or replace temp view turn_part as select {', '.join(columns)} "
        f"from read_parquet({_list([schema, *parts])}, union_by_name = true, file_row_number = true) {within}"
    )


def _ids(con: duckdb.DuckDBPyConnection, parts: Sequence[Path]) -> list[pa.Array]:
    """The trajectory ids of each part."""
    found = con.sql(
        f"select distinct file_index, trajectory_id from read_parquet({_list(parts)}, union_by_name = true)"
    ).to_arrow_table()
    return [
        found.filter(pc.equal(found.column("file_index"), place)).column("trajectory_id").combine_chunks()
        for place in range(len(parts))
    ]


def _slices(con: duckdb.DuckDBPyConnection, parts: Sequence[Path]) -> Iterator[range | None]:
    """The rows of each slice of whole trajectories of a large part; None for all rows of what is small."""
    size = parts[0].stat().st_size
    if len(parts) > 1 or size <= BATCH_BYTES:
        yield None
        return
    spans = con.execute(
        "select min(file_row_number) as first, max(file_row_number) as last "
        f"from read_parquet({_list(parts)}, file_row_number = true) group by trajectory_id order by first"
    ).fetchall()
    rows = max(last for _, last in spans) + 1
    start, reached = 0, 0
    for first, last in spans:
        if first > reached and (first - start) * size >= rows * BATCH_BYTES:
            yield range(start, first)
            start = first
        reached = max(reached, last)
    yield range(start, rows)


def _list(paths: Sequence[Path]) -> str:
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths) + "]"
