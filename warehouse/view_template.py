"""Keeps all views of the warehouse in a small database file of this process, from which every connection copies them.

DuckDB binds a view when it creates it, which takes a fifth of a second for all of them; to copy them takes a hundredth.
"""

import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from threading import Lock

_LOCK = Lock()


def view_template(write: Callable[[Path], None]) -> Path:
    """The database file of the views, which `write` writes at the first use in a process."""
    with _LOCK:
        path = Path(_folder().name) / "views.duckdb"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            fresh = path.with_suffix(".tmp")
            fresh.unlink(missing_ok=True)
            write(fresh)
            fresh.replace(path)
        return path


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="horizon-factory-views-")
