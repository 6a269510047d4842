"""What a source works on for one night: the account it keeps, where its rows go, whom it tells how far it is."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sources.archive.warc_files import WarcFiles
from sources.frontier.frontier import Frontier, Write

Report = Callable[[int, int, str], object]
"""Told how many pages or files are done, of how many at most, and the newest address."""


@dataclass(frozen=True)
class Night:
    """One UTC day's crawl."""

    day: date
    frontier: Frontier
    write: Write
    report: Report
    raw: WarcFiles | None = None
    """where raw replies are kept, when they are"""

    @property
    def run_id(self) -> str:
        return self.day.isoformat()

    def drain(self, least: int = 1) -> None:
        """Move ended urls to parts of the lake, when there are at least this many."""
        self.frontier.drain(self.write, least=least)
