"""The state of one day's crawl that a source works with: frontier, client, extraction pool, blocklist, WARC archive."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sources.archive.warc_files import WarcFiles
from sources.blocklist import NOTHING_BLOCKED, Blocklist
from sources.frontier.frontier import Frontier
from sources.frontier.records import WritePart
from sources.http.fetch import Client
from sources.text.extraction_pool import ExtractionPool

ProgressCallback = Callable[[int, int, str], object]
"""Called with the pages or files done, their maximum, and the newest address."""


@dataclass(frozen=True)
class CrawlRun:
    """The crawl of one night."""

    day: date
    frontier: Frontier
    write: WritePart
    report: ProgressCallback
    client: Client
    pool: ExtractionPool
    blocklist: Blocklist = NOTHING_BLOCKED
    archive: WarcFiles | None = None
    """WARC files for raw responses; None if the settings keep none"""

    @property
    def run_id(self) -> str:
        return self.day.isoformat()

    def drain(self, min_rows: int = 1) -> None:
        """Move ended urls to parts of the lake, if there are at least `min_rows`."""
        self.frontier.drain(self.write, min_rows=min_rows)

    async def drain_in_thread(self, min_rows: int = 1) -> None:
        """Do the same, but write each part in a thread, so that the crawl goes on; one call at a time."""
        for part in self.frontier.due_parts(min_rows):
            await asyncio.to_thread(self.write, *part)
