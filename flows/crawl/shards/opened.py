"""Opens a shard for the process that works on it: frontier, raw files, part names, and its memory of hosts."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows.crawl.setup import client_of, extraction_of, part_writer, warc_files
from flows.crawl.shards.shard import Shard
from flows.settings import Settings
from schemas.document import Document
from sources.archive.warc_files import WarcFiles
from sources.blocklist import Blocklist
from sources.crawl_run import CrawlRun, ProgressCallback
from sources.frontier.records import WritePart
from sources.frontier.recovery import recovered
from sources.frontier.shard_frontier import ShardFrontier
from sources.text.extraction_pool import ExtractionPool
from sources.web.crawl_config import CrawlConfig
from sources.web.crawl_memory import KEPT_HOSTS, CrawlMemory, wall_clock_offset
from sources.web.crawl_traps import CrawlTraps
from warehouse.console.progress import write_bytes_atomic
from warehouse.lake import Lake

EXTRACTORS = 2
"""Worker processes of a shard, which extract 180 pages a second."""


@dataclass(frozen=True)
class Job:
    """The work of a shard: the night, and the source that is crawled."""

    shard: Shard
    settings: Settings
    day: date
    config: CrawlConfig

    @property
    def memory(self) -> Path:
        """The file with the facts of the source's hosts: rules, pace, failures."""
        return self.shard.folder(self.settings.state) / f"{self.config.source}.memory"


@dataclass(frozen=True)
class OpenShard:
    """A shard whose frontier this process holds."""

    frontier: ShardFrontier
    archive: WarcFiles
    write: WritePart

    def run(self, job: Job, report: ProgressCallback) -> CrawlRun:
        """The state that a crawler works with."""
        crawl, stored = job.settings.crawl, self.archive if job.settings.crawl.keep_raw else None
        client, pool, blocklist = client_of(crawl), ExtractionPool(EXTRACTORS), Blocklist(job.settings.blocklist)
        return CrawlRun(job.day, self.frontier, self.write, report, client, pool, blocklist, stored)


def checked_frontier(shard: Shard, settings: Settings) -> tuple[ShardFrontier, str | None]:
    """A shard's frontier, checked as a run begins; with a sentence if it is a new one in place of a damaged one."""
    path, extractor = shard.frontier(settings.state), extraction_of(settings.crawl)
    return recovered(path, lambda: ShardFrontier(path, extractor, shard.owns))


@contextmanager
def opened_shard(shard: Shard, settings: Settings, day: date) -> Iterator[OpenShard]:
    """Hold a shard's frontier for the block; it was checked when the run began. Raises FrontierError, FrontierBusy."""
    lake, path, extractor = Lake(settings.lake), shard.frontier(settings.state), extraction_of(settings.crawl)
    with (
        ShardFrontier(path, extractor, shard.owns, check=False) as frontier,
        warc_files(settings, day, shard.worker) as archive,
    ):
        frontier.start_after(day, lake.next_part(day, shard.worker, Document).seq)
        yield OpenShard(frontier, archive, part_writer(settings, shard.worker, archive))


def load_memory(job: Job) -> CrawlMemory:
    """The facts of the source's hosts that earlier rounds of this run found; none if the file is not whole."""
    try:
        memory: CrawlMemory = pickle.loads(job.memory.read_bytes())  # noqa: S301
        memory.shift_clocks(-wall_clock_offset())
    except (OSError, EOFError, AttributeError, pickle.UnpicklingError):
        return CrawlMemory(CrawlTraps(job.config.max_alike), KEPT_HOSTS)
    return memory


def save_memory(job: Job, memory: CrawlMemory) -> None:
    """Keep the memory for the next round, on this machine or another. Raises OSError."""
    memory.shift_clocks(wall_clock_offset())
    write_bytes_atomic(job.memory, pickle.dumps(memory))
