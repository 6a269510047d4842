"""The rollout's memory between kills: every finished turn, committed before the next one starts.

One SQLite file in WAL mode with one writer. Turns that finish within the same few milliseconds share a
transaction, so a thousand trajectories cost one fsync at a time. A finished trajectory waits here with
its rows until a part of the lake holds them; the journal then forgets it.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn, Self

from flows.rollout.episode import Entry
from flows.rollout.packed import Row, crc, pack, unpack
from schemas.trajectory import Trajectory
from schemas.verdict import Verdict

DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
VERSION = 1
"""Of the tables; another number marks a journal in which a row was found damaged."""
Statement = tuple[str, Sequence[Any]]


class JournalError(Exception):
    """The journal cannot be read or written; the message says why and what to do."""


class JournalLocked(JournalError):
    """Another process is rolling out with this journal."""


class JournalDamaged(JournalError):
    """The file's contents are broken."""


@dataclass(frozen=True)
class Started:
    """An attempt as the journal knows it: its turns so far, and how often it was aborted before."""

    entries: list[Entry]
    started_at: datetime
    aborts: int
    restarted: int = 0
    """Turns thrown away, because another teacher or another prompt had made them."""


class Journal:
    """The open journal; methods may be called from any thread, `commit` and its like from one event loop."""

    def __init__(self, path: Path) -> None:
        """Open the journal, made if missing; raises JournalLocked, JournalDamaged or JournalError."""
        self.path = path
        self.draining = threading.Lock()
        """Held by the one who drains."""
        self.transactions = 0
        self._lock = threading.Lock()
        self._waiting: list[tuple[list[Statement], asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None
        with self._told():
            self._db = _connect(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._db.close()

    async def begin(self, trajectory_id: str, setup: str) -> Started:
        """Start an attempt or find how far it came; `setup` names teacher and prompts, and when it has changed
        the attempt starts again from nothing."""
        started = await asyncio.to_thread(self.started, trajectory_id)
        now = datetime.now(UTC)
        if started is None:
            await self._write([(sql("add_attempt"), (trajectory_id, setup, now.isoformat()))])
            return Started([], now, 0)
        if started[0] == setup:
            return started[1]
        again = (sql("restart_attempt"), (setup, now.isoformat(), trajectory_id))
        await self._write([(sql("drop_turns"), (trajectory_id, 0)), again])
        return Started([], now, started[1].aborts, restarted=len(started[1].entries))

    async def commit(self, entries: Iterable[Entry]) -> None:
        """Make finished turns durable; returns when they are."""
        await self._write([(sql("add_turn"), (one.turn.trajectory_id, *pack(one))) for one in entries])

    async def abort(self, trajectory_id: str, error: str, *, counted: bool) -> None:
        """Remember why an attempt stopped, and whether that counts against its starts."""
        await self._write([(sql("abort_attempt"), (int(counted), error, trajectory_id))])

    async def finish(self, trajectory: Trajectory, verdicts: Sequence[Verdict]) -> None:
        """Hand a finished trajectory and its verdicts to the outbox."""
        said = b"[" + b",".join(verdict.model_dump_json().encode() for verdict in verdicts) + b"]"
        row = trajectory.model_dump_json().encode()
        values = (trajectory.trajectory_id, trajectory.run_id, row, said, crc(row, said))
        await self._write([(sql("add_done"), values)])

    def started(self, trajectory_id: str) -> tuple[str, Started] | None:
        """The setup and state of an attempt that was begun; None for others."""
        found = self.read("attempt", trajectory_id)
        if not found:
            return None
        setup, started_at, aborts = found[0]
        try:
            since = datetime.fromisoformat(started_at)
        except (ValueError, TypeError):
            self.condemn(f"the attempt {trajectory_id} is not as it was written")
        return setup, Started(self.entries(trajectory_id), since, aborts)

    def entries(self, trajectory_id: str) -> list[Entry]:
        """An attempt's finished turns in order; raises JournalDamaged."""
        return [unpack(row) for row in self.rows(trajectory_id)]

    def rows(self, trajectory_id: str) -> list[Row]:
        """An attempt's turns in order, packed; raises JournalDamaged when one is not as it was written."""
        rows = [Row(*row) for row in self.read("turns", trajectory_id)]
        if not all(row.is_turn(trajectory_id, place) for place, row in enumerate(rows)):
            self.condemn(f"a turn of {trajectory_id} is not as it was written")
        return rows

    def condemn(self, why: str) -> NoReturn:
        """Mark the file, so that the next run saves what can be read; raises JournalDamaged."""
        with self._lock:
            self._db.execute(sql("mark_damaged"))
        raise JournalDamaged(f"{self.path} is damaged: {why}. Run again: what can be read is saved.")

    def read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a statement of this room."""
        with self._lock, self._told():
            return self._db.execute(sql(statement), values).fetchall()

    def apply(self, statements: Iterable[Statement]) -> None:
        """Run statements in one transaction."""
        self.transactions += 1
        with self._lock, self._told(), self._db:
            self._db.execute("begin immediate")
            for text, values in statements:
                self._db.execute(text, values)

    async def _write(self, statements: list[Statement]) -> None:
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((statements, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                failed: JournalError | None = None
                try:
                    await asyncio.to_thread(self.apply, [one for statements, _ in batch for one in statements])
                except JournalError as error:
                    failed = error
                for _, done in batch:
                    if not done.done():
                        done.set_exception(failed) if failed else done.set_result(None)
        finally:
            self._flushing = None

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", 0) & 0xFF
            if code in DAMAGED:
                raise JournalDamaged(
                    f"{self.path} is damaged: {error}. The next run saves what can be read."
                ) from error
            if code == sqlite3.SQLITE_BUSY:
                raise JournalLocked(
                    f"{self.path} is in use by another rollout. Wait for it to end, or stop it, and run again."
                ) from error
            raise JournalError(f"{self.path}: {error}. Free space or fix permissions, then run again.") from error


@cache
def sql(name: str) -> str:
    """A statement of this room, by the stem of its file."""
    return files("flows.rollout").joinpath("sql", f"{name}.sql").read_text("utf-8")


def create(path: Path) -> None:
    """Make an empty journal: beside, then renamed, so that an empty file is never taken for one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    db = sqlite3.connect(fresh)
    db.executescript(sql("journal_schema"))
    db.close()
    fresh.replace(path)


def _connect(path: Path) -> sqlite3.Connection:
    if not path.exists():
        create(path)
    if path.stat().st_size == 0:
        raise JournalDamaged(f"{path} is empty.")
    db = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False)
    try:
        for pragma in ("locking_mode = exclusive", "journal_mode = wal", "synchronous = full"):
            db.execute(f"pragma {pragma}")
        db.execute("begin immediate")
        db.execute("commit")
        found = db.execute("pragma integrity_check(1)").fetchone()[0]
        if found != "ok" or db.execute("pragma user_version").fetchone()[0] != VERSION:
            raise JournalDamaged(f"{path} is damaged: {found}.")
    except BaseException:
        db.close()
        raise
    return db
