"""Opens DuckDB, and is the only module that does: connections in memory, with a spill directory and a memory limit.

Every `.sql` file of `sql/views` and `sql/marts` becomes a view named as the file; `<record>_parts` in a file is the
lake's Parquet of that record. `warehouse.duckdb` holds the same views and no data: it can be deleted and rebuilt, and
any DuckDB client can read it while the factory works.
"""

import logging
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from graphlib import TopologicalSorter
from importlib.resources import files
from pathlib import Path
from threading import get_ident

import duckdb

from schemas import RECORDS, Record, arrow_schema, content_id
from warehouse.damage_boundary import LakeConnection, naming_damage
from warehouse.descriptions import View, comment_statements, declared, described_views
from warehouse.lake import REPAIR_HINT, Lake, LakeDamaged, LakeError
from warehouse.objects import ObjectPath
from warehouse.objects.duckdb_files import LakeFiles
from warehouse.view_template import copy_views

LOG = logging.getLogger(__name__)
PARTS = "all stored rows of the record {0}, earlier versions included; the views read them"
"""Comment of a view over a record's parts."""
ORIGIN = "warehouse_origin"
"""View of `warehouse.duckdb` with one row: the lake's folder and a hash of the views, which tell if it is current."""
_NAMED: dict[str, frozenset[str]] = {}
"""Text of SQL -> the parameters that it mentions: to parse the long ones takes milliseconds."""
Parameters = Mapping[str, object]
"""Values for a statement's named parameters ($name); names that the statement does not mention are ignored."""

OLDEST_CLIENT = "v1.0.0"
"""Version of DuckDB whose storage format `warehouse.duckdb` has: clients of 1.5 cannot read DuckDB 2.0's own format."""


@cache
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
    with naming_damage(lake), _binding(con, lake):
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
    """Create every view and mart in the connection's current database, which has none yet, over the lake's parts."""
    _copy_views(con, lake)
    for model in RECORDS:
        _view_parts(con, model, lake.glob(model))


def catalogue(lake: Lake) -> list[View]:
    """Every view and mart with its grain, and its columns with types and meanings; reads no rows of the lake."""
    lake.prepare()
    with duckdb.connect() as con, _binding(con, lake):
        _copy_views(con, lake)
        _view_empty_parts(con, lake)
        return described_views(con, view_texts())


def view_names() -> set[str]:
    """The names of all views and marts, those over the parts of one record aside."""
    return set(view_texts())


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
    """Write `warehouse.duckdb` (views and their comments only) to a temporary file and rename it over the earlier one.

    Clients of DuckDB 1.5 open it. Raises LakeDamaged if a folder has its name.
    """
    lake.prepare()
    if path.is_dir():
        raise LakeDamaged(f"{path} cannot be written: a folder has its name. {REPAIR_HINT}")
    fresh = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
    try:
        with naming_damage(lake), duckdb.connect() as con, _binding(con, lake):
            con.execute(f"attach {_literal(str(fresh))} as warehouse (storage_version '{OLDEST_CLIENT}')")
            con.execute("use warehouse")
            _create_commented_views(con, lake)
            con.execute("use memory")
            con.execute("detach warehouse")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def refresh_warehouse(path: Path, lake: Lake) -> None:
    """Rebuild `warehouse.duckdb` unless it has today's views over this lake: an upgrade or a moved home changes them.

    A file that cannot be written stays as it is, with a warning.
    """
    if _is_current(path, lake):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        rebuild_warehouse(path, lake)
    except (OSError, duckdb.Error, LakeError) as error:
        LOG.warning("%s is out of date and cannot be written: %s", path, error)


def _write_views(lake: Lake, path: Path) -> None:
    """Write a database of every view and mart, after those that it reads, over empty parts, which have every column."""
    texts = view_texts()
    with duckdb.connect(path) as con, _binding(con, lake):
        _view_empty_parts(con, lake)
        for name, text in texts.items():
            con.execute(f"create view {name} as {text}")


@cache
def view_texts() -> Mapping[str, str]:
    """The SQL of all views and marts by name, each after those that it reads."""
    texts = sql_files("views") | sql_files("marts")
    reads = {name: texts.keys() & set(re.findall(r"\b(?:from|join)\s+(\w+)", text)) for name, text in texts.items()}
    return {name: texts[name] for name in TopologicalSorter(reads).static_order()}


@contextmanager
def _binding(con: duckdb.DuckDBPyConnection, lake: Lake) -> Iterator[None]:
    """Let the connection read a lake in a bucket; in the block, a view over its parts binds to the empty one alone."""
    if not isinstance(lake.root, ObjectPath):
        yield
        return
    files = LakeFiles(lake.root)
    con.register_filesystem(files)
    with files.only(lake.empty_part(RECORDS[0]).name):
        yield


def _set_session(con: duckdb.DuckDBPyConnection) -> None:
    """Set the options that DuckDB holds per connection."""
    con.execute("set timezone = 'UTC'")
    con.execute("set enable_progress_bar = false")


def _copy_views(con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    copy_views(con, _identity(), partial(_write_views, lake))


def _create_commented_views(con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    """Create every view with its comments, which DuckDB binds to columns: over empty parts, then over the lake's."""
    _copy_views(con, lake)
    _view_empty_parts(con, lake)
    folder, views = _origin(lake)
    con.execute(f"create view {ORIGIN} as select {_literal(folder)} as lake, {_literal(views)} as views")
    con.execute(f"begin; {comment_statements(catalogue(lake))} commit;")
    for model in RECORDS:
        _view_parts(con, model, lake.glob(model))
        con.execute(f"comment on view {model.record}_parts is {_literal(PARTS.format(model.record))}")


def _is_current(path: Path, lake: Lake) -> bool:
    """False if the file is missing, damaged, of another lake or of other views."""
    try:
        with duckdb.connect(str(path), read_only=True) as con:
            return con.execute(f"from {ORIGIN}").fetchall() == [_origin(lake)]
    except duckdb.Error:
        return False


def _origin(lake: Lake) -> tuple[str, str]:
    """The lake's folder, and a hash of the views and their descriptions."""
    return str(lake.root.absolute()), _identity()


@cache
def _identity() -> str:
    """A hash of the views and their descriptions, and of DuckDB's versions that write and read them."""
    texts = [*view_texts().items(), *((view, *columns.items()) for view, columns in declared().items())]
    schemas = [arrow_schema(model).to_string() for model in RECORDS]
    return content_id(duckdb.__version__, OLDEST_CLIENT, texts, schemas)


def _view_empty_parts(con: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    for model in RECORDS:
        _view_parts(con, model, str(lake.empty_part(model).absolute()))


def _view_parts(con: duckdb.DuckDBPyConnection, model: type[Record], parts: str) -> None:
    columns = ", ".join(f'"{name}"' for name in (*arrow_schema(model).names, "date"))
    con.execute(
        f"create or replace view {model.record}_parts as select {columns} from read_parquet({_literal(parts)}, "
        "hive_partitioning = true, hive_types = {date: date}, union_by_name = true)"
    )


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
