"""Assigns hosts to the shards of a crawl by a hash, so that any machine finds the same owner by itself."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from flows.engine.shard import NumberedShard
from flows.settings import Settings
from sources.urls import host_of

WORKER = "crawl"
"""The writer's name in the parts of a crawl of one process."""
FOLDER = "crawl"
FRONTIER = "frontier.sqlite"


@dataclass(frozen=True)
class Shard(NumberedShard):
    """A share of the hosts; its folder has its frontier, its memory and its outgoing links."""

    writer: ClassVar[str] = WORKER
    room: ClassVar[str] = FOLDER

    def owns(self, origin: str) -> bool:
        """True if the urls of this origin are the shard's."""
        return owner(origin, self.count) == self.index

    def frontier(self, state: Path) -> Path:
        """Its frontier."""
        return self.folder(state) / FRONTIER


def owner(origin: str, count: int) -> int:
    """The index of the shard of an origin: http and https of one host and port are together."""
    digest = hashlib.sha256(host_of(f"{origin}/").encode()).digest()
    return int.from_bytes(digest[:8]) % count


def shard_count(settings: Settings) -> int:
    """The shards of the web sources; 1: the night's process crawls them."""
    return settings.crawl.shards if settings.engine.kind == "ray" else 1


def left_shards(state: Path) -> list[Shard]:
    """The shards that have a folder, of this crawl or an earlier one."""
    found = [path.name.split("of") for path in sorted((state / FOLDER).glob("*of*"))]
    return [Shard(int(one) - 1, int(of)) for one, of in found if one.isdecimal() and of.isdecimal()]


def frontier_files(state: Path) -> list[tuple[str, Path]]:
    """The writer of parts and the frontier of the night's process, and of each shard."""
    return [(WORKER, state / FRONTIER), *((one.worker, one.frontier(state)) for one in left_shards(state))]
