"""What is saved of a journal that is damaged: every turn that is whole and has all turns before it.

The damaged file is kept beside, the new journal holds what could be read, and the rollout says so: no
turn vanishes silently, and none that was paid for is thrown away without need.
"""

import logging
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from flows.rollout.journal.commit_counter import where
from flows.rollout.journal.drain import empty_orphans, landed
from flows.rollout.journal.file import create, kept_log, require_room, sql, told
from flows.rollout.journal.journal import Journal, JournalDamaged, Statement
from flows.rollout.journal.turn_encoding import Row, crc
from flows.rollout.journal.wal_reader import overlaid
from schemas.trajectory import Trajectory
from warehouse.lake import Lake

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Saved:
    """What a damaged journal gave back, and where it was put."""

    aside: Path
    turns: int
    trajectories: int

    def __str__(self) -> str:
        return (
            f"the journal was damaged: {self.turns} turns of {self.trajectories} attempts were saved and go on, "
            f"others start again; the damaged file is kept as {self.aside}"
        )


@dataclass
class Remains:
    """What could be read of a damaged journal, each row as its statement gives it."""

    attempts: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    turns: dict[str, dict[int, Row]] = field(default_factory=lambda: defaultdict(dict))
    done: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    parts: set[tuple[Any, ...]] = field(default_factory=set)


def open_journal(path: Path, lake: Lake) -> tuple[Journal, Saved | None]:
    """The journal, made if missing and saved if damaged, where it and the lake can take what a run will write.

    Raises JournalLocked when another process has it, JournalFull or JournalBarred where nothing can be written.
    """
    for folder in (path.parent, lake.root):
        require_room(folder)
    if Path(f"{path}-wal").exists():
        path.touch()  # a log alone is a journal that lost its file, not a new one
    if not path.exists():
        empty_orphans(lake)
        create(path)
    try:
        return Journal(path), None
    except JournalDamaged as found:
        LOG.warning("%s", found)
        with told(path):
            saved = salvage(path, lake)
        LOG.warning("%s", saved)
        return Journal(path), saved


def salvage(path: Path, lake: Lake) -> Saved:
    """Put a damaged journal aside and a new one in its place with all that can be read of the old."""
    aside = _put_aside(path)
    remains = Remains()
    for image in _images(aside):
        _gather(image, remains)
    finished = {done: found for done in remains.done.values() if (found := _trajectory(*done))}
    runs = {run_id for run_id, _ in remains.parts} | {trajectory.run_id for trajectory in finished.values()}
    in_lake = {name for run_id in runs for name in landed(lake, run_id)}
    turns = {name: whole for name, rows in remains.turns.items() if name not in in_lake and (whole := _unbroken(rows))}
    outbox = [done for done, trajectory in finished.items() if _has_all(trajectory, turns)]
    statements: list[Statement] = [(sql("restore_part"), row) for row in remains.parts]
    statements += [(sql("restore_attempt"), row) for name, row in remains.attempts.items() if name in turns]
    statements += [(sql("add_turn"), (name, *row)) for name, rows in turns.items() for row in rows]
    statements += [(sql("add_finished"), row) for row in outbox]
    _replace(path, statements, lake)
    return Saved(aside, sum(map(len, turns.values())), len(turns))


def _put_aside(path: Path) -> Path:
    taken = len(list(path.parent.glob(f"{path.name}.damaged-*[0-9]")))
    aside = path.with_name(f"{path.name}.damaged-{taken + 1}")
    shutil.copyfile(path, aside)
    for log in (kept_log(path), Path(f"{path}-wal")):
        if log.exists():
            shutil.copyfile(log, f"{aside}-wal")
            break
    return aside


def _images(aside: Path) -> Iterator[sqlite3.Connection]:
    """The damaged journal with all of its log, broken or not, and then as SQLite reads it."""
    whole = aside.with_name(f".{aside.name}.overlaid")
    overlaid(aside, whole)
    try:
        for path in (whole, aside):
            with closing(sqlite3.connect(path)) as image:
                image.text_factory = lambda raw: raw.decode("utf-8", "replace")
                with suppress(sqlite3.DatabaseError):
                    image.execute("pragma writable_schema = on")  # else a file that was cut short cannot be read
                    image.execute("pragma query_only = on")
                yield image
    finally:
        whole.unlink(missing_ok=True)


def _gather(image: sqlite3.Connection, remains: Remains) -> None:
    """Add what the image has; an attempt that was begun again has only the turns since then."""
    begun = {}
    for name, setup, started_at, aborts, error in _readable(image, "recover_attempts"):
        if isinstance(setup, str):
            begun[name] = name, setup, _time(started_at), aborts if isinstance(aborts, int) else 0, error
    for name, attempt in begun.items():
        remains.attempts.setdefault(name, attempt)
    for name, *values in _readable(image, "recover_turns"):
        row = Row(*values)
        if name in begun and begun[name][1:3] == remains.attempts[name][1:3] and row.is_turn(name, row.place):
            remains.turns[name].setdefault(row.place, row)
    for done in _readable(image, "recover_finished"):
        remains.done.setdefault(done[0], done)
    remains.parts |= {row for row in _readable(image, "recover_parts") if _is_part(*row)}


def _replace(path: Path, statements: list[Statement], lake: Lake) -> None:
    fresh = path.with_name(f".{path.name}.saved")
    fresh.unlink(missing_ok=True)
    create(fresh)
    with Journal(fresh) as journal:
        journal.apply(statements)
    empty_orphans(lake)
    for side in ("-wal", "-shm"):
        Path(f"{path}{side}").unlink(missing_ok=True)
    fresh.replace(path)
    where(fresh).replace(where(path))
    kept_log(path).unlink(missing_ok=True)


def _readable(found: sqlite3.Connection, statement: str) -> Iterator[tuple[Any, ...]]:
    """Rows from the front until the damage, and then from the back."""
    seen = set()
    for order in ("asc", "desc"):
        try:
            for row in found.execute(f"{sql(statement)} {order}"):
                if row[:2] not in seen:
                    seen.add(row[:2])
                    yield row
        except sqlite3.DatabaseError as error:
            LOG.warning("%s: %s", statement, error)


def _unbroken(rows: dict[int, Row]) -> list[Row]:
    n = next(place for place in range(len(rows) + 1) if place not in rows)
    return [rows[place] for place in range(n)]


def _has_all(trajectory: Trajectory, turns: dict[str, list[Row]]) -> bool:
    return trajectory.n_tokens == sum(len(turn.sampled) for turn in turns.get(trajectory.trajectory_id, []))


def _trajectory(name: Any, run_id: Any, trajectory: Any, verdicts: Any, checksum: Any) -> Trajectory | None:
    """The finished trajectory of a row, if every byte of it is as it was written."""
    try:
        if crc(trajectory, verdicts) != checksum:
            return None
    except TypeError:
        return None
    found = Trajectory.model_validate_json(trajectory)
    return found if (found.trajectory_id, found.run_id) == (name, run_id) else None


def _time(said: Any) -> str:
    """The time as it was written; the present one when it cannot be read."""
    with suppress(ValueError, TypeError):
        return datetime.fromisoformat(said).isoformat()
    return datetime.now(UTC).isoformat()


def _is_part(run_id: Any, seq: Any) -> bool:
    with suppress(ValueError, TypeError):
        date.fromisoformat(run_id)
        return isinstance(seq, int)
    return False
