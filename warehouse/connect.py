"""Opens DuckDB, and is the only module that does: connections in memory, with a spill directory and a memory limit.

Every `.sql` file of `sql/views` and `sql/marts` becomes a view named as the file; `<record>_parts` in a file is the
lake's Parquet of that record. `warehouse.duckdb` holds the same views and no data: it can be deleted and rebuilt, and
any DuckDB client can read it while the factory works.
"""

import re
from collections.abc import Mapping
from functools import partial
from graphlib import TopologicalSorter
from importlib.resources import files
from pathlib import Path

import duckdb

from schemas import RECORDS, Record, arrow_schema
from warehouse.damage_boundary import LakeConnection, naming_damage
from warehouse.lake import REPAIR_HINT, Lake, LakeDamaged
from warehouse.view_template import view_template

_NAMED: dict[str, frozenset[str]] = {}
"""Text of SQL -> the parameters that it mentions: to parse the long ones takes milliseconds."""
Parameters = Mapping[str, object]
"""Values for a statement's named parameters ($name); names that the statement does not mention are ignored."""

OLDEST_CLIENT = "v1.0.0"
"""Version of DuckDB whose storage format `warehouse.duckdb` has: clients of 1.5 cannot read DuckDB 2.0's own format."""


def query(folder: str, name: str) -> str:
    """The text of `warehouse/sql/<folder>/<name>.sql`; raises FileNotFoundError."""
    return files("warehouse").joinpath("sql", folder, f"{name}.sql").read_text("utf-8")


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
) -> LakeConnection:
    """Open an in-memory connection with all views over the lake; memory_limit as DuckDB writes it, such as '4GB'.

    The connection may read files of the lake only. Raises LakeError for a lake of another schema version, and
    LakeDamaged, also from its block, for a part that cannot be read.
    """
    lake.prepare()
    con = duckdb.connect(config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"})
    settings = {"memory_limit": memory_limit, "temp_directory": spill, "threads": threads}
    for key, value in settings.items():
        if value is not None:
            con.execute(f"set {key} = {_literal(str(value))}")
    _set_session(con)
    con.execute("set parquet_metadata_cache = true")
    con.execute(f"set allowed_directories = [{_literal(str(lake.root.absolute()))}]")
    with naming_damage(lake):
        create_views(con, lake)
    return LakeConnection(con, lake)


def sibling_connection(con: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Open another connection to the same database, for another thread; temporary tables and views are not shared."""
    sibling = con.cursor()
    _set_session(sibling)
    return sibling


def forbid_external_access(con: duckdb.DuckDBPyConnection) -> None:
    """Restrict the connection to the lake's files, and lock its settings; this cannot be undone."""
    if not con.execute("select current_setting('lock_configuration')").fetchall()[0][0]:
        con.execute("set enable_external_access = false")
        con.execute("set lock_configuration = true")


def create_views(con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Create every view and mart in the connection's current database, which has none yet, over the lake's parts.

    They are copied from a template, since DuckDB binds a view when it creates it, and a copied one when it is read.
    """
    template = view_template(partial(_write_views, lake))
    [(current,)] = con.execute("select current_database()").fetchall()
    con.execute(f"attach {_literal(str(template))} as view_template (read_only)")
    con.execute(f"copy from database view_template to {current} (schema)")
    con.execute("detach view_template")
    for model in RECORDS:
        _view_parts(con, model, lake.glob(model))


def view_names() -> set[str]:
    """The names of all views and marts, those over the parts of one record aside."""
    return set(_view_texts())


def create_temp_table(
    con: duckdb.DuckDBPyConnection, name: str, text: str, parameters: Parameters | None = None
) -> None:
    """Store the rows of a query in a temporary table, which only this connection sees."""
    execute(con, f"create or replace temp table {name} as {text}", parameters)


def create_shared_table(
    con: duckdb.DuckDBPyConnection, name: str, text: str, parameters: Parameters | None = None
) -> None:
    """Store the rows of a query in a table that sibling connections see, too."""
    execute(con, f"create or replace table {name} as {text}", parameters)


def execute(
    con: duckdb.DuckDBPyConnection, text: str, parameters: Parameters | None = None
) -> duckdb.DuckDBPyConnection:
    """Execute one statement with the parameters that it mentions; raises ValueError for several statements."""
    (statement,) = con.extract_statements(text)
    values = parameters or {}
    return con.execute(statement, {name: values[name] for name in statement.named_parameters})


def named_parameters(con: duckdb.DuckDBPyConnection, text: str) -> set[str]:
    """The names of the parameters that the statements mention; raises duckdb.ParserException for invalid SQL."""
    if text not in _NAMED:
        statements = con.extract_statements(text)
        _NAMED[text] = frozenset[str]().union(*(statement.named_parameters for statement in statements))
    return set(_NAMED[text])


def rebuild_warehouse(path: Path, lake: Lake) -> None:
    """Write `warehouse.duckdb` (views only) to a temporary file and rename it over the earlier one.

    Clients of DuckDB 1.5 open it. Raises LakeDamaged if a folder has its name.
    """
    lake.prepare()
    if path.is_dir():
        raise LakeDamaged(f"{path} cannot be written: a folder has its name. {REPAIR_HINT}")
    fresh = path.with_name(f".{path.name}.tmp")
    fresh.unlink(missing_ok=True)
    with naming_damage(lake), duckdb.connect() as con:
        con.execute(f"attach {_literal(str(fresh))} as warehouse (storage_version '{OLDEST_CLIENT}')")
        con.execute("use warehouse")
        create_views(con, lake)
        con.execute("use memory")
        con.execute("detach warehouse")
    fresh.replace(path)


def _write_views(lake: Lake, path: Path) -> None:
    """Write a database of every view and mart, after those that it reads, over empty parts, which have every column."""
    texts = _view_texts()
    with duckdb.connect(path) as con:
        for model in RECORDS:
            _view_parts(con, model, str(lake.empty_part(model).absolute()))
        for name in _dependency_order(texts):
            con.execute(f"create view {name} as {texts[name]}")


def _view_texts() -> dict[str, str]:
    return sql_files("views") | sql_files("marts")


def _set_session(con: duckdb.DuckDBPyConnection) -> None:
    """Set the options that DuckDB holds per connection."""
    con.execute("set timezone = 'UTC'")
    con.execute("set enable_progress_bar = false")


def _view_parts(con: duckdb.DuckDBPyConnection, model: type[Record], parts: str) -> None:
    columns = ", ".join(f'"{name}"' for name in (*arrow_schema(model).names, "date"))
    con.execute(
        f"create or replace view {model.record}_parts as select {columns} from read_parquet({_literal(parts)}, "
        "hive_partitioning = true, hive_types = {date: date}, union_by_name = true)"
    )


def _dependency_order(texts: Mapping[str, str]) -> list[str]:
    reads = {name: texts.keys() & set(re.findall(r"\b(?:from|join)\s+(\w+)", text)) for name, text in texts.items()}
    return list(TopologicalSorter(reads).static_order())


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
