"""Opens the journal, and recovers it if it is damaged: every turn that is intact, together with all turns before it.

The damaged file is copied aside and a new journal is built from the recovered rows. The recovery is logged and
reported with the run's counts, so that no loss goes unnoticed, and turns that cost tokens are kept where possible.
"""

import logging
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.rollout.journal.commit_counter import counter_path, read_commit_count
from flows.rollout.journal.drain import clear_orphan_parts, trajectories_in_lake
from flows.rollout.journal.file import (
    JournalDamaged,
    create_journal,
    journal_errors,
    require_free_space,
    saved_wal,
    sql,
)
from flows.rollout.journal.journal import WORKER, Journal, Statement
from flows.rollout.journal.turn_encoding import TurnRow, checksum
from flows.rollout.journal.wal_reader import write_with_wal
from schemas.record import night_of
from schemas.trajectory import Trajectory
from warehouse.compaction import finish_compaction
from warehouse.lake import Lake

LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Recovered:
    """Counts of the recovered rows, and the path of the damaged file's copy."""

    damaged_copy: Path
    turns: int
    trajectories: int

    def __str__(self) -> str:
        return (
            f"the journal was damaged: {self.turns} turns of {self.trajectories} attempts were recovered and are "
            f"resumed, other attempts start again; the damaged file is kept as {self.damaged_copy}"
        )


@dataclass
class RecoveredRows:
    """Readable rows of a damaged journal, each as its statement returns it, by trajectory id."""

    attempts: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    turns: dict[str, dict[int, TurnRow]] = field(default_factory=lambda: defaultdict(dict))
    finished: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    parts: set[tuple[Any, ...]] = field(default_factory=set)


def open_journal(path: Path, lake: Lake, worker: str = WORKER) -> tuple[Journal, Recovered | None]:
    """Open the journal: created if it is missing, recovered if it is damaged. Both disks are checked first.

    Raises JournalLocked if another process has it open, JournalFull or JournalNotWritable if a disk cannot be written.
    """
    for folder in (path.parent, lake.local):
        require_free_space(folder)
    finish_compaction(lake)
    if Path(f"{path}-wal").exists():
        path.touch()  # a log without its journal is a journal that lost its file, and must not pass for a new one
    if not path.exists():
        if commits := read_commit_count(path):
            LOG.warning("%s is gone with %d transactions: attempts that were under way start again", path, commits)
        clear_orphan_parts(lake, worker)
        create_journal(path)
    try:
        return Journal(path, worker), None
    except JournalDamaged as damage:
        LOG.warning("%s", damage)
        with journal_errors(path):
            recovered = recover(path, lake, worker)
        LOG.warning("%s", recovered)
        return Journal(path, worker), recovered


def recover(path: Path, lake: Lake, worker: str = WORKER) -> Recovered:
    """Copy a damaged journal aside, and replace it by a new one with all readable and intact rows."""
    damaged_copy = _copy_aside(path)
    rows = RecoveredRows()
    for image in _images(damaged_copy):
        _collect(image, rows)
    finished = {row: found for row in rows.finished.values() if (found := _intact_trajectory(*row))}
    runs = {run_id for run_id, _ in rows.parts} | {trajectory.run_id for trajectory in finished.values()}
    in_lake = {name for run_id in runs for name in trajectories_in_lake(lake, run_id)}
    turns = {
        name: intact for name, found in rows.turns.items() if name not in in_lake and (intact := _without_gap(found))
    }
    complete = [row for row, trajectory in finished.items() if _has_all_turns(trajectory, turns)]
    statements: list[Statement] = [(sql("restore_part"), row) for row in rows.parts]
    statements += [(sql("restore_attempt"), row) for name, row in rows.attempts.items() if name in turns]
    statements += [(sql("add_turn"), (name, *row)) for name, found in turns.items() for row in found]
    statements += [(sql("add_finished"), row) for row in complete]
    _replace(path, statements, lake, worker)
    return Recovered(damaged_copy, sum(map(len, turns.values())), len(turns))


def _copy_aside(path: Path) -> Path:
    taken = len(list(path.parent.glob(f"{path.name}.damaged-*[0-9]")))
    copy = path.with_name(f"{path.name}.damaged-{taken + 1}")
    shutil.copyfile(path, copy)
    for log in (saved_wal(path), Path(f"{path}-wal")):
        if log.exists():
            shutil.copyfile(log, f"{copy}-wal")
            break
    return copy


def _images(damaged: Path) -> Iterator[sqlite3.Connection]:
    """Open the damaged journal twice: with all pages of its log, broken frames included, and as SQLite reads it."""
    overlaid = damaged.with_name(f".{damaged.name}.overlaid")
    write_with_wal(damaged, overlaid)
    try:
        for path in (overlaid, damaged):
            with closing(sqlite3.connect(path)) as image:
                image.text_factory = lambda raw: raw.decode("utf-8", "replace")
                with suppress(sqlite3.DatabaseError):
                    image.execute("pragma writable_schema = on")  # without it a truncated file cannot be read
                    image.execute("pragma query_only = on")
                yield image
    finally:
        overlaid.unlink(missing_ok=True)


def _collect(image: sqlite3.Connection, rows: RecoveredRows) -> None:
    """Add the rows of an image. Turns count only if the image has the same start of their attempt."""
    begun = {}
    for name, setup, started_at, aborts, error in _readable(image, "recover_attempts"):
        if isinstance(setup, str):
            begun[name] = name, setup, _time(started_at), aborts if isinstance(aborts, int) else 0, error
    for name, attempt in begun.items():
        rows.attempts.setdefault(name, attempt)
    for name, *values in _readable(image, "recover_turns"):
        row = TurnRow(*values)
        if name in begun and begun[name][1:3] == rows.attempts[name][1:3] and row.is_turn(name, row.place):
            rows.turns[name].setdefault(row.place, row)
    for finished in _readable(image, "recover_finished"):
        rows.finished.setdefault(finished[0], finished)
    rows.parts |= {row for row in _readable(image, "recover_parts") if _is_part(*row)}


def _replace(path: Path, statements: list[Statement], lake: Lake, worker: str) -> None:
    fresh = path.with_name(f".{path.name}.saved")
    fresh.unlink(missing_ok=True)
    create_journal(fresh)
    with Journal(fresh) as journal:
        journal.apply(statements)
    clear_orphan_parts(lake, worker)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    fresh.replace(path)
    counter_path(fresh).replace(counter_path(path))
    saved_wal(path).unlink(missing_ok=True)


def _readable(image: sqlite3.Connection, statement: str) -> Iterator[tuple[Any, ...]]:
    """Rows from the front up to the damage, then from the back."""
    seen = set()
    for order in ("asc", "desc"):
        try:
            for row in image.execute(f"{sql(statement)} {order}"):
                if row[:2] not in seen:
                    seen.add(row[:2])
                    yield row
        except sqlite3.DatabaseError as error:
            LOG.warning("%s: %s", statement, error)


def _without_gap(rows: dict[int, TurnRow]) -> list[TurnRow]:
    n = next(place for place in range(len(rows) + 1) if place not in rows)
    return [rows[place] for place in range(n)]


def _has_all_turns(trajectory: Trajectory, turns: dict[str, list[TurnRow]]) -> bool:
    return trajectory.n_tokens == sum(len(turn.sampled) for turn in turns.get(trajectory.trajectory_id, []))


def _intact_trajectory(name: Any, run_id: Any, trajectory: Any, verdicts: Any, crc: Any) -> Trajectory | None:
    """The finished trajectory of a row if its checksum matches, else None."""
    try:
        if checksum(trajectory, verdicts) != crc:
            return None
    except TypeError:
        return None
    found = Trajectory.model_validate_json(trajectory)
    return found if (found.trajectory_id, found.run_id) == (name, run_id) else None


def _time(stored: Any) -> str:
    """The stored time, or the present time if it is unreadable."""
    with suppress(ValueError, TypeError):
        return datetime.fromisoformat(stored).isoformat()
    return datetime.now(UTC).isoformat()


def _is_part(run_id: Any, seq: Any) -> bool:
    with suppress(ValueError, TypeError):
        night_of(run_id)
        return isinstance(seq, int)
    return False
