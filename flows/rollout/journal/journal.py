"""The rollout's write-ahead journal: every finished turn is committed before the next turn of its attempt starts.

One SQLite file in WAL mode with a single writer. Turns that finish within the same few milliseconds share a
transaction, and those of many attempts share one in GROUP_S: each transaction syncs the disk and wakes two threads. A
finished trajectory stays here until a part of the lake holds its rows, and is then deleted.
"""

import asyncio
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, Self

from flows.rollout.journal.commit_counter import CommitCounter
from flows.rollout.journal.file import (
    JournalDamaged,
    JournalError,
    connect_journal,
    create_journal,
    journal_errors,
    sql,
)
from flows.rollout.journal.judged import encode_judged
from flows.rollout.journal.turn_encoding import TurnRow, checksum, decode_for_reading, decode_turn, encode_turn
from flows.rollout.loop.episode import Entry
from schemas.record import sha256_text
from schemas.trajectory import Trajectory, Turn
from schemas.verdict import Outcome, Verdict

Statement = tuple[str, Sequence[Any]]
"""SQL and its parameters."""
WORKER = "rollout"
"""The writer's name in the parts of a run in one process; those of a shard have its number behind it."""
GROUP_S = 0.05
"""Seconds from the start of a transaction to that of the next while many attempts are open: a hundredth of a turn."""
MANY_ATTEMPTS = 128
FinishedAttempt = tuple[Trajectory, Sequence[Verdict], Outcome | None]


@dataclass(frozen=True)
class AttemptState:
    """The state of an attempt in the journal: its turns so far, and how often it was aborted."""

    entries: list[Entry]
    started_at: datetime
    aborts: int
    restarted: int = 0
    """Number of turns that were deleted because another teacher or another prompt had made them."""


class Journal:
    """The open journal. Methods may be called from any thread; the coroutines from one event loop only.

    A thread of its own holds the database and runs its requests in order, so a commit never waits for a free thread
    behind a tool call, and behind the drain only for a single short statement.
    """

    def __init__(self, path: Path, worker: str = WORKER) -> None:
        """Open the journal, created if it is missing. Raises the errors of `connect_journal`.

        `worker` is the writer's name in the parts of the lake that it is drained to.
        """
        self.path, self.worker = path, worker
        self.drain_lock = threading.Lock()
        """Held while a drain runs: two drains would write a part twice."""
        self._waiting: list[tuple[list[Statement], asyncio.Future[None]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._open = set[str]()
        if not path.exists():
            create_journal(path)
        self._db = connect_journal(path)
        self._commits: int = self._db.execute(sql("commit_count")).fetchone()[0]
        self._counter = CommitCounter(path)
        self._writer = ThreadPoolExecutor(1, "journal")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.submit(self._db.close)
        self._writer.submit(self._counter.close)
        self._writer.shutdown()

    async def begin(self, trajectory_id: str, setup: str) -> AttemptState:
        """Start an attempt, or return the state to resume from.

        `setup` identifies teacher and prompts; if it differs from the stored one, the attempt restarts from nothing.
        """
        self._open.add(trajectory_id)
        found = await asyncio.to_thread(self.find_attempt, trajectory_id)
        now = datetime.now(UTC)
        if found is None:
            await self._write([(sql("add_attempt"), (trajectory_id, setup, now.isoformat()))])
            return AttemptState([], now, 0)
        stored_setup, state = found
        if stored_setup == setup:
            return state
        await self.restart(trajectory_id, setup)
        return AttemptState([], now, state.aborts, restarted=len(state.entries))

    async def restart(self, trajectory_id: str, setup: str) -> None:
        """Delete an attempt's turns and children: it starts again from nothing, in the given setup."""
        restart = (sql("restart_attempt"), (setup, datetime.now(UTC).isoformat(), trajectory_id))
        own = (sql("delete_turns_from"), (trajectory_id, 0))
        await self._write([own, *await self._without_children(trajectory_id), restart])

    async def commit(self, entries: Iterable[Entry]) -> None:
        """Store finished turns; returns after they have reached the disk. Raises JournalError."""
        await self._write([(sql("add_turn"), (entry.turn.trajectory_id, *encode_turn(entry))) for entry in entries])

    async def turns(self, trajectory_id: str) -> list[Turn]:
        """Return an attempt's finished turns in order, for counting and judging. Raises JournalDamaged."""
        return await asyncio.to_thread(lambda: [decode_for_reading(row) for row in self.rows(trajectory_id)])

    async def abort(self, trajectory_id: str, error: str, *, counted: bool) -> None:
        """Store why an attempt stopped; `counted` adds one to its aborts."""
        self._open.discard(trajectory_id)
        await self._write([(sql("abort_attempt"), (int(counted), error, trajectory_id))])

    async def finish(self, trajectory: Trajectory, verdicts: Sequence[Verdict], outcome: Outcome | None) -> None:
        """Store a finished trajectory with its verdicts and outcome, for the next drain."""
        await self.finish_all([(trajectory, verdicts, outcome)])

    async def finish_all(self, finished: Sequence[FinishedAttempt]) -> None:
        """Store finished trajectories together, children before their parents."""
        self._open.difference_update(trajectory.trajectory_id for trajectory, _, _ in finished)
        await self._write([_add_finished(*one) for one in finished])

    async def forget_children(self, trajectory_id: str) -> None:
        """Delete all attempts that descend from an attempt by delegation, with their turns."""
        await self._write(await self._without_children(trajectory_id))

    async def _without_children(self, trajectory_id: str) -> list[Statement]:
        found = await asyncio.to_thread(self.read, "descendants", trajectory_id)
        return [(sql(name), row) for row in found for name in ("delete_turns", "delete_attempt")]

    def find_attempt(self, trajectory_id: str) -> tuple[str, AttemptState] | None:
        """Return the setup and state of an attempt; None if it has not begun. Raises JournalDamaged."""
        found = self.read("attempt", trajectory_id)
        if not found:
            return None
        setup, started_at, aborts = found[0]
        try:
            since = datetime.fromisoformat(started_at)
        except (ValueError, TypeError):
            self.mark_damaged(f"the start time of attempt {trajectory_id} is unreadable")
        return setup, AttemptState(self.entries(trajectory_id), since, aborts)

    def entries(self, trajectory_id: str) -> list[Entry]:
        """Return an attempt's finished turns in order. Raises JournalDamaged."""
        return [decode_turn(row) for row in self.rows(trajectory_id)]

    def rows(self, trajectory_id: str) -> list[TurnRow]:
        """Return an attempt's encoded turns in order. Raises JournalDamaged if a checksum does not match."""
        rows = [TurnRow(*row) for row in self.read("turns_of_attempt", trajectory_id)]
        if not all(row.is_turn(trajectory_id, place) for place, row in enumerate(rows)):
            self.mark_damaged(f"the checksum of a turn of {trajectory_id} does not match")
        return rows

    def mark_damaged(self, reason: str) -> NoReturn:
        """Mark the file as damaged, so that the next run recovers it; always raises JournalDamaged."""
        self.apply([(sql("mark_damaged"), ())])
        raise JournalDamaged(f"{self.path} is damaged: {reason}. Run again to recover its intact turns.")

    def read(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return all rows of a statement of journal.sql. Raises JournalError."""
        return self._writer.submit(self._read, sql(statement), values).result()

    def apply(self, statements: Sequence[Statement]) -> None:
        """Run statements in one transaction. Raises JournalError."""
        self._writer.submit(self._apply, statements).result()

    def _read(self, text: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with journal_errors(self.path):
            return self._db.execute(text, values).fetchall()

    def _apply(self, statements: Sequence[Statement]) -> None:
        with journal_errors(self.path):
            self._db.execute("begin immediate")
            try:
                for text, values in statements:
                    self._db.execute(text, values)
                self._db.execute(sql("set_commit_count"), (self._commits + 1,))
                self._db.execute("commit")
                self._commits += 1
                self._counter.write(self._commits)
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
                began = loop.time()
                batch, self._waiting = self._waiting, []
                failed: JournalError | None = None
                try:
                    statements = [statement for request, _ in batch for statement in request]
                    await loop.run_in_executor(self._writer, self._apply, statements)
                except JournalError as error:
                    failed = error
                for _, done in batch:
                    if not done.done():
                        done.set_exception(failed) if failed else done.set_result(None)
                if len(self._open) >= MANY_ATTEMPTS:
                    await asyncio.sleep(began + GROUP_S - loop.time())
        finally:
            self._flushing = None


def _add_finished(trajectory: Trajectory, verdicts: Sequence[Verdict], outcome: Outcome | None) -> Statement:
    row, judged = trajectory.model_dump_json().encode(), encode_judged(verdicts, outcome)
    values = (trajectory.trajectory_id, trajectory.run_id, row, judged, checksum(row, judged))
    return sql("add_finished"), values


def child_setup(setup: str, parent_id: str, question: str) -> str:
    """The setup of a child: it also starts again if its parent asks another question in its place."""
    return f"child:{parent_id}:{setup}:{sha256_text(question)}"
