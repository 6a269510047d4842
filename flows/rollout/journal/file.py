"""Opens the journal's file, and checks disk, lock and contents on open, before any token is spent.

A lock of another process, a full or read-only disk, missing permissions and corrupt contents each raise an error of
their own, whose message gives the next step.
"""

import errno
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.rollout.journal.commit_counter import counter_path, read_commit_count
from flows.rollout.journal.turn_encoding import checksum
from schemas.named_statements import load_statements

VERSION = 2
"""Version of the tables. Another number marks a journal of an older format, or one with a damaged row."""
PRAGMAS = ("locking_mode = exclusive", "journal_mode = wal", "synchronous = full", "secure_delete = off")
"""`secure_delete` would write zeros over every page of a turn that is deleted, and Debian's SQLite has it on: what is
deleted here is in the lake."""
MIN_FREE_BYTES = 100 * 1024**2
"""Free disk space without which no rollout starts."""
CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
NOT_WRITABLE = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class JournalError(Exception):
    """The journal cannot be read or written; the message gives the cause and the next step."""


class JournalLocked(JournalError):
    """Another process runs a rollout with this journal."""


class JournalDamaged(JournalError):
    """The file is corrupt."""


class JournalFull(JournalError):
    """The disk is full; everything that was committed is kept."""


class JournalNotWritable(JournalError):
    """The file or its folder cannot be written: a read-only disk, or missing permissions."""


def sql(name: str) -> str:
    """Return a statement of journal.sql by its name."""
    return load_statements("flows.rollout.journal", "journal.sql")[name]


@contextmanager
def journal_errors(path: Path) -> Iterator[None]:
    """Raise errors of SQLite and of the system inside the block as a JournalError that names the path."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        raise _from_sqlite(path, error) from error
    except OSError as error:
        raise _from_system(path, error) from error


def require_free_space(folder: Path) -> None:
    """Create the folder if it is missing, and check that a run can write to it.

    Raises JournalFull if less than MIN_FREE_BYTES are free, JournalNotWritable if a test write fails.
    """
    with journal_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
        if free < MIN_FREE_BYTES:
            needed, left = MIN_FREE_BYTES >> 20, free >> 20
            raise JournalFull(f"{folder} has {left} MB free, and a rollout needs {needed}. Free space, then run again.")
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(bytes(4096))


def create_journal(path: Path) -> None:
    """Create an empty journal under a temporary name and rename it, so that a partial file never looks complete."""
    fresh = path.with_name(f".{path.name}.new")
    with journal_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        db = sqlite3.connect(fresh)
        db.executescript(sql("create_tables"))
        db.close()
        fresh.replace(path)
        counter_path(path).unlink(missing_ok=True)


def connect_journal(path: Path) -> sqlite3.Connection:
    """Open the journal with an exclusive lock, verify the checksum of every row and commit once to test writing.

    Raises JournalLocked, JournalDamaged, JournalFull, JournalNotWritable or JournalError.
    """
    with journal_errors(path):
        if path.stat().st_size == 0:
            raise JournalDamaged(f"{path} is empty.")
        db = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        with journal_errors(path):
            _lock_and_verify(db, path)
    except BaseException as error:
        if isinstance(error, JournalDamaged):
            _save_wal(path)
        db.close()
        raise
    return db


def saved_wal(path: Path) -> Path:
    """Return where the log of a damaged journal is copied to: SQLite deletes the log when it closes the journal."""
    return Path(f"{path}-wal-kept")


def _save_wal(path: Path) -> None:
    log = Path(f"{path}-wal")
    if log.exists():
        with journal_errors(log):
            shutil.copyfile(log, saved_wal(path))


def _lock_and_verify(db: sqlite3.Connection, path: Path) -> None:
    for pragma in PRAGMAS:
        db.execute(f"pragma {pragma}")
    db.execute("begin immediate")
    db.execute("commit")
    integrity = db.execute("pragma integrity_check(1)").fetchone()[0]
    if integrity != "ok" or db.execute("pragma user_version").fetchone()[0] != VERSION:
        raise JournalDamaged(f"{path} is damaged, or of another version: {integrity}.")
    commits, counted = db.execute(sql("commit_count")).fetchone()[0], read_commit_count(path)
    if commits < counted:
        raise JournalDamaged(f"{path} is damaged: its last {counted - commits} transactions are missing.")
    for statement in ("turn_checksums", "finished_checksums"):
        if not all(stored == checksum(*blobs) for *blobs, stored in db.execute(sql(statement))):
            raise JournalDamaged(f"{path} is damaged: the checksum of a row does not match.")
    db.execute(sql("set_commit_count"), (commits,))


def _from_sqlite(path: Path, error: sqlite3.DatabaseError) -> JournalError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in CORRUPT:
        return JournalDamaged(f"{path} is damaged: {error}. The next run recovers its intact turns.")
    if code == sqlite3.SQLITE_BUSY:
        return JournalLocked(f"{path} is in use by another rollout. Wait for it to end, or stop it, and run again.")
    if code in NOT_WRITABLE:
        return _not_writable(path, error)
    if code == sqlite3.SQLITE_FULL:
        return _full(path, error)
    return JournalError(f"{path}: {error}. Check the disk, then run again: everything that was committed is kept.")


def _from_system(path: Path, error: OSError) -> JournalError:
    return _full(path, error) if error.errno in NO_SPACE else _not_writable(path, error)


def _full(path: Path, error: Exception) -> JournalFull:
    return JournalFull(f"{path}: {error}. Free space, then run again: everything that was committed is kept.")


def _not_writable(path: Path, error: Exception) -> JournalNotWritable:
    return JournalNotWritable(
        f"{path} cannot be written: {error}. If the disk is read-only or the folder belongs to another user, fix that, "
        "then run again."
    )
