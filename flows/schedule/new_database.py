"""The database of a home's first Prefect server: a copy of one without runs, kept on the machine for its next homes.

Prefect makes an empty database through all migrations of its history, which takes four seconds.
"""

import os
import sqlite3
from contextlib import closing, suppress
from importlib.metadata import version
from pathlib import Path
from shutil import copyfile
from tempfile import mkdtemp

from flows.environments.resources import cache_folder


def begin_database(database: Path) -> bool:
    """Copy the machine's database of this Prefect to a path without one; False if the server must make it."""
    kept = _kept()
    if not database.exists() and kept and _is_whole(kept):
        fresh = database.with_name(f".{database.name}.{os.getpid()}.tmp")
        with suppress(OSError):
            copyfile(kept, fresh)
            fresh.replace(database)
    return database.exists()


def keep_database(database: Path) -> None:
    """Keep the database that a server has just made; does nothing where the cache is read-only or full."""
    kept = _kept()
    if kept is None:
        return
    with suppress(OSError, sqlite3.Error):
        kept.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(mkdtemp(dir=kept.parent)) / "prefect.db"
        try:
            with closing(sqlite3.connect(database)) as made, closing(sqlite3.connect(fresh)) as copy:
                made.backup(copy)
            fresh.replace(kept)
        finally:
            fresh.unlink(missing_ok=True)
            fresh.parent.rmdir()


def _kept() -> Path | None:
    """The machine's database; None for a user without a home folder, as containers have."""
    with suppress(RuntimeError):
        return cache_folder() / "prefect" / f"{version('prefect')}.db"
    return None


def _is_whole(database: Path) -> bool:
    if not database.is_file():
        return False
    with suppress(sqlite3.DatabaseError), closing(sqlite3.connect(database)) as db:
        return bool(db.execute("pragma quick_check").fetchone() == ("ok",))
    return False
