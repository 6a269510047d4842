"""A numbered share of a step's work with a writer's name and a folder of its own, as crawl and rollout have them."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self


@dataclass(frozen=True)
class NumberedShard:
    """Shard `index` of `count`, from 0."""

    index: int
    count: int

    writer: ClassVar[str]
    """The writer's name in the parts of a step that works in one process."""
    room: ClassVar[str]
    """The folder of the state that holds the folders of shards."""

    def __str__(self) -> str:
        return f"{self.index + 1}of{self.count}"

    @property
    def worker(self) -> str:
        """The writer's name in its parts of the lake."""
        return f"{self.writer}{self.index + 1}"

    def folder(self, state: Path) -> Path:
        """The folder of the files that only this shard writes."""
        return state / self.room / str(self)

    @classmethod
    def all_of(cls, count: int) -> list[Self]:
        """All shards of a step."""
        return [cls(index, count) for index in range(count)]
