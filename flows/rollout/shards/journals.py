"""Moves unfinished attempts between the run's own journal and those of its shards.

Between runs all attempts are in the run's journal, so the number of processes may differ from run to run. Attempts are
stored in the second journal before the first one deletes them: a kill in between leaves equal copies, and the next
gathering keeps one.
"""

import shutil
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa

from flows.rollout.journal.drain import clear_orphan_parts, drain
from flows.rollout.journal.file import JournalLocked, sql
from flows.rollout.journal.journal import Journal
from flows.rollout.journal.recovery import Recovered, open_journal
from flows.rollout.shards.shard import Shard, journal_of, left_folders, owner
from schemas.trajectory import trajectory_id
from warehouse.lake import Lake

ORPHANS_S = 20.0
"""Seconds in which the processes of a killed run have to release their journals."""
GONE = ".gone"


def gather(state: Path, lake: Lake, home: Journal) -> list[Recovered]:
    """Drain the journals of all shards, move their attempts to the run's journal, and delete them.

    Returns the recoveries of damaged ones. Raises JournalError, LakeError.
    """
    recovered: list[Recovered] = []
    for folder, worker in left_folders(state):
        if journal_of(folder).exists():
            journal, repaired = _open_released(journal_of(folder), lake, worker)
            recovered += [repaired] if repaired else []
            with journal:
                drain(journal, lake)
                _copy(journal, home, (row[0] for row in journal.read("recover_attempts")))
        _remove(folder)
    return recovered


def distribute(state: Path, lake: Lake, home: Journal, planned: pa.Table, count: int) -> None:
    """Move the unfinished attempts of the run's journal to the journals of their shards.

    Children go with their parents. Attempts that are not planned any more stay. Raises JournalError, LakeError.
    """
    owners = _owners(home, planned, count)
    for shard in Shard.all_of(count):
        path = journal_of(shard.folder(state))
        clear_orphan_parts(lake, shard.worker)
        with Journal(path, shard.worker) as journal:
            _copy(home, journal, (name for name, index in owners.items() if index == shard.index))
    for name in owners:
        home.apply([(sql(statement), (name,)) for statement in ("delete_turns", "delete_attempt")])


def _owners(home: Journal, planned: pa.Table, count: int) -> Mapping[str, int]:
    """The shard of each unfinished attempt that is planned, or descends from one that is."""
    setups = {row[0]: row[1] for row in home.read("recover_attempts")}
    pairs = zip(planned["task_id"].to_pylist(), planned["sample"].to_pylist(), strict=True)
    names = {trajectory_id(task, sample): owner(task, count) for task, sample in pairs}
    roots = {name: _root(name, setups) for name in setups}
    return {name: names[root] for name, root in roots.items() if root in names}


def _root(name: str, setups: Mapping[str, str]) -> str:
    while setups.get(name, "").startswith("child:"):
        name = setups[name].split(":")[1]
    return name


def _copy(source: Journal, target: Journal, names: Iterable[str]) -> None:
    """Store attempts with their turns, each in one transaction; those that are there stay as they are."""
    attempts = {row[0]: row for row in source.read("recover_attempts")}
    for name in names:
        turns = [(sql("restore_turn"), (name, *row)) for row in source.rows(name)]
        target.apply([(sql("restore_attempt"), attempts[name]), *turns])


def _open_released(path: Path, lake: Lake, worker: str) -> tuple[Journal, Recovered | None]:
    """Open a shard's journal as soon as the process of a killed run has released it. Raises JournalLocked."""
    deadline = time.monotonic() + ORPHANS_S
    while True:
        try:
            return open_journal(path, lake, worker)
        except JournalLocked:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _remove(folder: Path) -> None:
    """Delete a shard's folder in one step: half of a journal would pass for one that lost its file."""
    aside = folder.with_name(f"{GONE}-{folder.name}")
    shutil.rmtree(aside, ignore_errors=True)
    folder.replace(aside)
    shutil.rmtree(aside, ignore_errors=True)
