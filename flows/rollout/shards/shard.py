"""Assigns planned attempts to shards by a hash of their task, so that any machine finds the same owner by itself."""

import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from flows.engine.shard import NumberedShard
from flows.rollout.journal.journal import WORKER

FOLDER = "shards"


@dataclass(frozen=True)
class Shard(NumberedShard):
    """A share of the tasks; its folder has its journal and its worlds' files."""

    writer: ClassVar[str] = WORKER
    room: ClassVar[str] = FOLDER

    def owns(self, task_id: str) -> bool:
        """True if the attempts at this task are the shard's."""
        return owner(task_id, self.count) == self.index

    def share(self, total: int) -> int:
        """Its part of a total that all shards divide, at least 1."""
        return max(1, total // self.count + (self.index < total % self.count))


def owner(task_id: str, count: int) -> int:
    """The index of the shard that a task belongs to."""
    return zlib.crc32(task_id.encode()) % count


def journal_of(folder: Path) -> Path:
    """The journal in a shard's folder."""
    return folder / "journal.sqlite"


def left_folders(state: Path) -> list[tuple[Path, str]]:
    """The folders of shards of earlier runs, each with the name of its writer."""
    found = (path for path in (state / FOLDER).glob("*of*") if path.name.partition("of")[0].isdecimal())
    return [(path, f"{WORKER}{path.name.partition('of')[0]}") for path in sorted(found)]
