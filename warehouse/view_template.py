"""Keeps all views of the warehouse in a small database file, from which every connection copies them.

DuckDB binds a view when it creates it, which takes a fifth of a second for all of them; to copy them takes a hundredth.
The file is that of the machine, as every command would else bind all views anew.
"""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock

import duckdb

from warehouse.lake_errors import LakeError
from warehouse.whole_files import replacing

CACHE = Path("~/.cache/horizon-factory/views")
"""Folder of the file, whose name is a hash of the views."""
_LOCK = Lock()


def copy_views(con: duckdb.DuckDBPyConnection, identity: str, write: Callable[[Path], None]) -> None:
    """Copy the views into the connection's database: DuckDB binds a view when it creates it, a copied one when read.

    `write` writes the file of the views with this hash, unless it is there.
    """
    [(current,)] = con.execute("select current_database()").fetchall()
    try:
        _attach(con, _template(identity, write))
    except duckdb.Error:  # damaged, or removed just now by a process of another version
        _attach(con, _template(identity, write, anew=True))
    con.execute(f"copy from database view_template to {current} (schema)")
    con.execute("detach view_template")


def _attach(con: duckdb.DuckDBPyConnection, template: Path) -> None:
    path = str(template).replace("'", "''")
    con.execute(f"attach '{path}' as view_template (read_only)")


def _template(identity: str, write: Callable[[Path], None], *, anew: bool = False) -> Path:
    """The file on this machine; where its folder cannot be written, a file of this process."""
    with _LOCK:
        try:
            return _written(CACHE.expanduser() / f"{identity}.duckdb", write, anew)
        except (OSError, RuntimeError, LakeError, duckdb.Error):  # no home folder, or one that is read-only or full
            return _written(Path(_folder().name) / f"{identity}.duckdb", write, anew)


def _written(path: Path, write: Callable[[Path], None], anew: bool) -> Path:
    if anew or not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as fresh:
            write(fresh)
        for other in path.parent.glob("*.duckdb"):
            if other != path:  # of another version
                other.unlink(missing_ok=True)
    return path


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="horizon-factory-views-")
