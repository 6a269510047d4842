"""The rollout's memory between kills: every finished turn, committed before the next one starts.

One SQLite file in WAL mode with one writer. Turns that finish within the same few milliseconds share a
transaction, so a thousand trajectories cost one fsync at a time. A finished trajectory waits here with
its rows until a part of the lake holds them; the journal then forgets it.
"""

import asyncio
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, Self

from flows.rollout.journal.commit_counter import Witness
from flows.rollout.journal.file import (
    JournalBarred,
    JournalDamaged,
    JournalError,
    JournalFull,
    JournalLocked,
    connect,
    create,
    sql,
    told,
)
from flows.rollout.journal.turn_encoding import Row, crc, pack, read_only, unpack
from flows.rollout.loop.episode import Entry
from schemas.trajectory import Trajectory, Turn
from schemas.verdict import Verdict

__all__ = [
    "Journal",
    "JournalBarred",
    "JournalDamaged",
    "JournalError",
    "JournalFull",
    "JournalLocked",
    "Started",
    "create",
    "sql",
]
Statement = tuple[str, Sequence[Any]]


@dataclass(frozen=True)
class Started:
    """An attempt as the journal knows it: its turns so far, and how often it was aborted before."""

    entries: list[Entry]
    started_at: datetime
    aborts: int
    restarted: int = 0
    """Turns thrown away, because another teacher or another prompt had made them."""


class Journal:
    """The open journal; methods may be called from any thread, `commit` and its like from one event loop.

    One thread of its own has the database, and takes what is asked of it in order: a commit never waits
    behind a tool for a thread, and behind the drain only for the short step that it is at.
    """

    def __init__(self, path: Path) -> None:
        """Open the journal, made if missing; raises as `connect` does."""
        self.path = path
        self.draining = threading.Lock()
        """Held by the one who drains."""
        self._waiting: list[tuple[list[Statement], asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None
        if not path.exists():
            create(path)
        self._db = connect(path)
        self._commits: int = self._db.execute(sql("commit_count")).fetchone()[0]
        self._witness = Witness(path)
        self._door = ThreadPoolExecutor(1, "journal")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._door.submit(self._db.close)
        self._door.submit(self._witness.close)
        self._door.shutdown()

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
        await self._write([(sql("delete_turns_from"), (trajectory_id, 0)), again])
        return Started([], now, started[1].aborts, restarted=len(started[1].entries))

    async def commit(self, entries: Iterable[Entry]) -> None:
        """Make finished turns durable; returns when they are."""
        await self._write([(sql("add_turn"), (one.turn.trajectory_id, *pack(one))) for one in entries])

    async def turns(self, trajectory_id: str) -> list[Turn]:
        """An attempt's finished turns in order, to be counted and judged; raises JournalDamaged."""
        return await asyncio.to_thread(lambda: [read_only(row) for row in self.rows(trajectory_id)])

    async def abort(self, trajectory_id: str, error: str, *, counted: bool) -> None:
        """Remember why an attempt stopped, and whether that counts against its starts."""
        await self._write([(sql("abort_attempt"), (int(counted), error, trajectory_id))])

    async def finish(self, trajectory: Trajectory, verdicts: Sequence[Verdict]) -> None:
        """Hand a finished trajectory and its verdicts to the outbox."""
        said = b"[" + b",".join(verdict.model_dump_json().encode() for verdict in verdicts) + b"]"
        row = trajectory.model_dump_json().encode()
        values = (trajectory.trajectory_id, trajectory.run_id, row, said, crc(row, said))
        await self._write([(sql("add_finished"), values)])

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
        rows = [Row(*row) for row in self.read("turns_of_attempt", trajectory_id)]
        if not all(row.is_turn(trajectory_id, place) for place, row in enumerate(rows)):
            self.condemn(f"a turn of {trajectory_id} is not as it was written")
        return rows

    def condemn(self, why: str) -> NoReturn:
        """Mark the file, so that the next run saves what can be read; raises JournalDamaged."""
        self.apply([(sql("mark_damaged"), ())])
        raise JournalDamaged(f"{self.path} is damaged: {why}. Run again: what can be read is saved.")

    def read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a statement of this room."""
        return self._door.submit(self._read, sql(statement), values).result()

    def apply(self, statements: Sequence[Statement]) -> None:
        """Run statements in one transaction."""
        self._door.submit(self._apply, statements).result()

    def _read(self, text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with told(self.path):
            return self._db.execute(text, values).fetchall()

    def _apply(self, statements: Sequence[Statement]) -> None:
        with told(self.path):
            self._db.execute("begin immediate")
            try:
                for text, values in statements:
                    self._db.execute(text, values)
                self._db.execute(sql("set_commit_count"), (self._commits + 1,))
                self._db.execute("commit")
                self._commits += 1
                self._witness.note(self._commits)
            finally:
                if self._db.in_transaction:
                    self._db.execute("rollback")

    async def _write(self, statements: list[Statement]) -> None:
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((statements, done))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())
        await done

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                failed: JournalError | None = None
                try:
                    statements = [one for wanted, _ in batch for one in wanted]
                    await loop.run_in_executor(self._door, self._apply, statements)
                except JournalError as error:
                    failed = error
                for _, done in batch:
                    if not done.done():
                        done.set_exception(failed) if failed else done.set_result(None)
        finally:
            self._flushing = None
