"""The frontier of one shard of a crawl: it admits the urls of its own hosts, and keeps links to others for them.

A link to a foreign host is committed with the page that has it, and sent once a round. It may
be sent again: its owner admits a url once.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import ClassVar

from sources.frontier.frontier import Frontier
from sources.frontier.records import Admission, Counts, kinds_of

EXCLUSIVE = "main.locking_mode = exclusive"
"""Keeps the index of the write-ahead log in memory: a network file system cannot share it between machines."""


class ShardFrontier(Frontier):
    """The frontier of a shard, held by one process at a time. Raises FrontierError, and FrontierBusy."""

    pragmas: ClassVar[Sequence[str]] = (EXCLUSIVE, *Frontier.pragmas)

    busy_s: ClassVar[float] = 120.0
    """A network file system frees the lock of a lost machine so late."""

    def __init__(self, path: Path, extractor: str, owns: Callable[[str], bool], *, check: bool = True) -> None:
        """Open or create the file. `owns`: true for the origins of the shard."""
        self._owns = owns
        super().__init__(path, extractor, check=check)
        self.script("create_foreign_links")

    def counts(self, day: date, source: str) -> Counts:
        """Count the urls of a source as any frontier does; links that were not sent count as admitted."""
        own = super().counts(day, source)
        return replace(own, admitted=own.admitted + self.row("count_unsent", (day.isoformat(),))[0])

    def untaken(self, day: date, source: str) -> int:
        """Count the waiting urls of a source that were not taken yet."""
        return int(self.row("count_untaken", self._of(day, source))[0])

    def waiting(self, day: date, source: str) -> list[tuple[str, int, int]]:
        """List (host, depth, urls) of the waiting urls of a source."""
        return self.rows("waiting_by_host", self._of(day, source))

    def drop_beyond(self, day: date, source: str, urls: int) -> int:
        """Give up the last links of a source that were not taken, down to so many urls; returns how many."""
        excess = super().counts(day, source).admitted - urls
        return self.run("drop_last", self._of(day, source) | {"urls": excess}) if excess > 0 else 0

    def links_of_round(self, day: date, number: int) -> list[Admission]:
        """The links to other shards that the round has found so far, in the order of their urls."""
        place = {"day": day.isoformat(), "round": number}
        self.run("assign_round", place)
        return [Admission(*row) for row in self.rows("links_of_round", place)]

    def send_again(self, day: date) -> None:
        """Let the next round send all links of the day; forget those of earlier days."""
        with self.commit():
            self.run("forget_links", (day.isoformat(),))
            self.run("send_again", (day.isoformat(),))

    def foreign_links(self, day: date) -> list[Admission]:
        """All links of the day to hosts of other shards."""
        return [Admission(*row) for row in self.rows("all_foreign_links", (day.isoformat(),))]

    def _admit(self, day: date, links: Iterable[Admission]) -> None:
        found = list(links)
        super()._admit(day, [link for link in found if self._owns(link.host)])
        self.run_many("add_foreign_link", (link.row(day) for link in found if not self._owns(link.host)))

    def _of(self, day: date, source: str) -> dict[str, object]:
        return {"day": day.isoformat(), "kinds": kinds_of(source)}
