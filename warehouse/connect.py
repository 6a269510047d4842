"""The only place that opens DuckDB. A connection lives in memory, with a spill directory and a limit.

Every `.sql` file of `sql/views` and `sql/marts` becomes a view named as the file; what a file calls
`<record>_parts` is the lake's Parquet of that record. `warehouse.duckdb` holds the same views and no
data: it can be deleted and rebuilt, and any DuckDB client can read it while the factory works.
"""

import re
from collections.abc import Mapping
from graphlib import TopologicalSorter
from importlib.resources import files
from pathlib import Path

import duckdb

from schemas import RECORDS, Record, arrow_schema
from warehouse.lake import Lake


def sql_files(folder: str) -> dict[str, str]:
    """The SQL files of `warehouse/sql/<folder>` by stem, in name order."""
    found = (entry for entry in files("warehouse").joinpath("sql", folder).iterdir() if entry.name.endswith(".sql"))
    return {entry.name.removesuffix(".sql"): entry.read_text("utf-8") for entry in sorted(found, key=lambda e: e.name)}


def connect(
    lake: Lake,
    *,
    spill: Path | None = None,
    memory_limit: str | None = None,
    threads: int | None = None,
) -> duckdb.DuckDBPyConnection:
    """A fresh in-memory connection with all views; memory_limit as DuckDB writes it, such as '4GB'."""
    lake.prepare()
    con = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    settings = {"memory_limit": memory_limit, "temp_directory": spill, "threads": threads}
    for key, value in settings.items():
        if value is not None:
            con.execute(f"set {key} = {_literal(str(value))}")
    _as_here(con)
    con.execute("set parquet_metadata_cache = true")
    con.execute(f"set allowed_directories = [{_literal(str(lake.root.absolute()))}]")
    create_views(con, lake)
    return con


def beside(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Another connection to the same memory, for another thread; temporary tables and views are each one's own."""
    other = con.cursor()
    _as_here(other)
    return other


def lock(con: duckdb.DuckDBPyConnection) -> None:
    """Close the connection to all but the lake's files, for good: no other file, setting or extension."""
    if not con.execute("select current_setting('lock_configuration')").fetchall()[0][0]:
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")


def create_views(con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Create the parts views and every view and mart, each after those that it reads.

    A view that is created binds all that it reads, so all are created over the empty parts, which say every column.
    """
    for model in RECORDS:
        _view_parts(con, model, str(lake.empty_part(model).absolute()))
    texts = sql_files("views") | sql_files("marts")
    for name in _in_order(texts):
        con.execute(f"create or replace view {name} as {texts[name]}")
    for model in RECORDS:
        _view_parts(con, model, lake.glob(model))


def keep_as(
    con: duckdb.DuckDBPyConnection, name: str, text: str, parameters: Mapping[str, object] | None = None
) -> None:
    """Answer a query into a temporary table; of the parameters it is given those that it mentions."""
    run(con, f"create or replace temp table {name} as {text}", parameters)


def share_as(
    con: duckdb.DuckDBPyConnection, name: str, text: str, parameters: Mapping[str, object] | None = None
) -> None:
    """Answer a query into a table that connections `beside` see, too; as keep_as."""
    run(con, f"create or replace table {name} as {text}", parameters)


def run(
    con: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, object] | None = None
) -> duckdb.DuckDBPyConnection:
    """Execute one statement; of the parameters it is given those that it mentions."""
    (statement,) = con.extract_statements(text)
    given = parameters or {}
    return con.execute(statement, {name: given[name] for name in statement.named_parameters})


def named_in(con: duckdb.DuckDBPyConnection, text: str) -> set[str]:
    """The parameters that the statements of a text mention; raises duckdb.ParserException on a text of no SQL."""
    return set[str]().union(*(statement.named_parameters for statement in con.extract_statements(text)))


def rebuild_warehouse(path: Path, lake: Lake) -> None:
    """Write `warehouse.duckdb` anew (views only): made beside, then renamed over the old one."""
    lake.prepare()
    fresh = path.with_name(f".{path.name}.tmp")
    fresh.unlink(missing_ok=True)
    with duckdb.connect(str(fresh)) as con:
        create_views(con, lake)
    fresh.replace(path)


def _as_here(con: duckdb.DuckDBPyConnection) -> None:
    """What each connection must be told for itself."""
    con.execute("set timezone = 'UTC'")
    con.execute("set enable_progress_bar = false")


def _view_parts(con: duckdb.DuckDBPyConnection, model: type[Record], parts: str) -> None:
    columns = ", ".join(f'"{name}"' for name in (*arrow_schema(model).names, "date"))
    con.execute(
        f"create or replace view {model.record}_parts as select {columns} from read_parquet({_literal(parts)}, "
        "hive_partitioning = true, hive_types = {date: date}, union_by_name = true)"
    )


def _in_order(texts: Mapping[str, str]) -> list[str]:
    reads = {name: texts.keys() & set(re.findall(r"\b(?:from|join)\s+(\w+)", text)) for name, text in texts.items()}
    return list(TopologicalSorter(reads).static_order())


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
