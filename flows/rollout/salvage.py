"""What is saved of a journal that is damaged: every turn that is whole and has all turns before it.

The damaged file is kept beside, the new journal holds what could be read, and the rollout says so: no
turn vanishes silently, and none that was paid for is thrown away without need.
"""

import logging
import shutil
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.rollout.drain import empty_orphans, written
from flows.rollout.journal import Journal, JournalDamaged, Statement
from flows.rollout.journal_file import create, require_room, sql, told
from flows.rollout.packed import Row, crc
from schemas.trajectory import Trajectory
from warehouse.lake import Lake

LOG = logging.getLogger(__name__)
SIDES = ("", "-wal")


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


def open_journal(path: Path, lake: Lake) -> tuple[Journal, Saved | None]:
    """The journal, made if missing and saved if damaged, where it and the lake can take what a run will write.

    Raises JournalLocked when another process has it, JournalFull or JournalBarred where nothing can be written.
    """
    for folder in (path.parent, lake.root):
        require_room(folder)
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
    found = sqlite3.connect(aside)
    found.execute("pragma writable_schema = on")  # else a file that was cut short cannot be read at all
    attempts = {row[0]: row for row in _readable(found, "salvage_attempts")}
    turns = _whole_turns(found, attempts)
    outbox = _outbox(found, turns, lake)
    statements: list[Statement] = [(sql("keep_part"), row) for row in _readable(found, "salvage_parts")]
    statements += [(sql("keep_attempt"), row) for name, row in attempts.items() if name in turns]
    statements += [(sql("add_turn"), (name, *row)) for name, rows in turns.items() for row in rows]
    statements += [(sql("add_done"), row) for row in outbox]
    found.close()
    _replace(path, statements, lake)
    return Saved(aside, sum(map(len, turns.values())), len(turns))


def _put_aside(path: Path) -> Path:
    taken = len(list(path.parent.glob(f"{path.name}.damaged-*[0-9]")))
    aside = path.with_name(f"{path.name}.damaged-{taken + 1}")
    for side in SIDES:
        if Path(f"{path}{side}").exists():
            shutil.copyfile(f"{path}{side}", f"{aside}{side}")
    return aside


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


def _whole_turns(found: sqlite3.Connection, attempts: dict[str, tuple[Any, ...]]) -> dict[str, list[Row]]:
    rows: dict[str, dict[int, Row]] = defaultdict(dict)
    for name, *values in _readable(found, "salvage_turns"):
        row = Row(*values)
        if name in attempts and row.is_turn(name, row.place):
            rows[name][row.place] = row
    kept = {name: _unbroken(by_place) for name, by_place in rows.items()}
    return {name: turns for name, turns in kept.items() if turns}


def _unbroken(rows: dict[int, Row]) -> list[Row]:
    n = next(place for place in range(len(rows) + 1) if place not in rows)
    return [rows[place] for place in range(n)]


def _outbox(found: sqlite3.Connection, turns: dict[str, list[Row]], lake: Lake) -> list[tuple[Any, ...]]:
    """Finished trajectories that have all their turns; what the lake has already is dropped with its turns."""
    kept = []
    for *row, seq in _readable(found, "salvage_done"):
        name, trajectory = _trajectory(*row)
        if not trajectory:
            continue
        if seq is not None and written(lake, trajectory.run_id, seq):
            turns.pop(name, None)
        elif trajectory.n_tokens == sum(len(turn.sampled) for turn in turns.get(name, [])):
            kept.append(tuple(row))
    return kept


def _trajectory(name: Any, run_id: Any, trajectory: Any, verdicts: Any, checksum: Any) -> tuple[str, Trajectory | None]:
    """The finished trajectory of a row, if every byte of it is as it was written."""
    try:
        if crc(trajectory, verdicts) != checksum:
            return "", None
    except TypeError:
        return "", None
    found = Trajectory.model_validate_json(trajectory)
    return (name, found) if (found.trajectory_id, found.run_id) == (name, run_id) else ("", None)
