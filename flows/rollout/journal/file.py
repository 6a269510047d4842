"""The journal's file: opened so that what can be known to go wrong goes wrong now, before a token is spent.

A lock of another process, a disk that is full or read-only, a file that may not be written, bytes that are
not as they were written: each has an error of its own, which says what to do.
"""

import errno
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.rollout.journal.commit_counter import commits_seen, where
from flows.rollout.journal.turn_encoding import crc
from schemas.named_statements import load_statements

VERSION = 2
"""Of the tables; another number marks a journal of before, or one in which a row was found damaged."""
LEAST_FREE_BYTES = 100 * 1024**2
"""Room on the disk without which no rollout starts."""
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
BARRED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class JournalError(Exception):
    """The journal cannot be read or written; the message says why and what to do."""


class JournalLocked(JournalError):
    """Another process is rolling out with this journal."""


class JournalDamaged(JournalError):
    """The file's contents are broken."""


class JournalFull(JournalError):
    """The disk has no room left; all that was committed is kept."""


class JournalBarred(JournalError):
    """The file or its folder may not be written: a read-only disk, or another's file."""


def sql(name: str) -> str:
    """A statement of journal.sql by its name."""
    return load_statements("flows.rollout.journal", "journal.sql")[name]


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Errors of SQLite and of the system inside the block become a JournalError that names the path."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _named(path, error) from error
    except OSError as error:
        raise _refusal(path, error) from error


def require_room(folder: Path) -> None:
    """Make the folder if need be, and make sure that it can take what a run will write.

    Raises JournalFull with less than LEAST_FREE_BYTES free, JournalBarred where nothing may be written.
    """
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < LEAST_FREE_BYTES:
            least, left = LEAST_FREE_BYTES >> 20, free >> 20
            raise JournalFull(f"{folder} has {left} MB free, and a rollout needs {least}. Free space, then run again.")
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(4096))


def create(path: Path) -> None:
    """Make an empty journal: beside, then renamed, so that an empty file is never taken for one."""
    fresh = path.with_name(f".{path.name}.new")
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        db = sqlite3.connect(fresh)
        db.executescript(sql("create_tables"))
        db.close()
        fresh.replace(path)
        where(path).unlink(missing_ok=True)


def connect(path: Path) -> sqlite3.Connection:
    """The journal for this process alone, every row of it checked and a write committed to try it.

    Raises JournalLocked, JournalDamaged, JournalFull, JournalBarred or JournalError.
    """
    with told(path):
        if path.stat().st_size == 0:
            raise JournalDamaged(f"{path} is empty.")
        db = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        with told(path):
            _take(db, path)
    except BaseException as error:
        if isinstance(error, JournalDamaged):
            _keep_log(path)
        db.close()
        raise
    return db


def kept_log(path: Path) -> Path:
    """Where the log of a damaged journal is kept, since SQLite deletes it when the journal is closed."""
    return Path(f"{path}-wal-kept")


def _keep_log(path: Path) -> None:
    log = Path(f"{path}-wal")
    if log.exists():
        with told(log):
            shutil.copyfile(log, kept_log(path))


def _take(db: sqlite3.Connection, path: Path) -> None:
    for pragma in ("locking_mode = exclusive", "journal_mode = wal", "synchronous = full"):
        db.execute(f"pragma {pragma}")
    db.execute("begin immediate")
    db.execute("commit")
    found = db.execute("pragma integrity_check(1)").fetchone()[0]
    if found != "ok" or db.execute("pragma user_version").fetchone()[0] != VERSION:
        raise JournalDamaged(f"{path} is damaged, or of another version: {found}.")
    commits = db.execute(sql("commit_count")).fetchone()[0]
    if commits < commits_seen(path):
        raise JournalDamaged(f"{path} is damaged: its last {commits_seen(path) - commits} transactions are missing.")
    for statement in ("turn_checksums", "finished_checksums"):
        if not all(kept == crc(*blobs) for *blobs, kept in db.execute(sql(statement))):
            raise JournalDamaged(f"{path} is damaged: a row is not as it was written.")
    db.execute(sql("set_commit_count"), (commits,))


def _named(path: Path, error: sqlite3.DatabaseError) -> JournalError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in DAMAGED:
        return JournalDamaged(f"{path} is damaged: {error}. The next run saves what can be read.")
    if code == sqlite3.SQLITE_BUSY:
        return JournalLocked(f"{path} is in use by another rollout. Wait for it to end, or stop it, and run again.")
    if code in BARRED:
        return _barred(path, error)
    if code == sqlite3.SQLITE_FULL:
        return _full(path, error)
    return JournalError(f"{path}: {error}. See to the disk, then run again: what was committed is kept.")


def _refusal(path: Path, error: OSError) -> JournalError:
    return _full(path, error) if error.errno in NO_SPACE else _barred(path, error)


def _full(path: Path, error: Exception) -> JournalFull:
    return JournalFull(f"{path}: {error}. Free space, then run again: what was committed is kept.")


def _barred(path: Path, error: Exception) -> JournalBarred:
    return JournalBarred(
        f"{path} cannot be written: {error}. Is the disk read-only, or the folder another's? See to it, then run again."
    )
