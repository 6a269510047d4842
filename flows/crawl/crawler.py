"""One day's crawl: drives every configured source through the Source protocol and writes documents to the lake.

Urls that have ended today are not fetched again, so a second run of a complete day fetches nothing; only a robots.txt
that could not be read is requested again. On a later day requests are conditional (ETag, Last-Modified), so that
unchanged pages are not sent again.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from datetime import date

from flows.crawl.cluster_extract import extraction_pool
from flows.crawl.outcome import refuse_empty
from flows.crawl.setup import client_of, extraction_of, part_writer, warc_files
from flows.crawl.shards.rounds import OpenEngine, ShardedCrawl
from flows.crawl.shards.shard import FRONTIER, WORKER
from flows.engine.open import opened_engine
from flows.settings import Settings, SettingsError
from flows.small_heap import small_heap
from schemas.document import Document
from sources.blocklist import Blocklist
from sources.crawl_run import CrawlRun
from sources.frontier.records import Changes
from sources.frontier.recovery import open_frontier
from sources.protocol import Configure, Source
from sources.registry import SOURCES, configured_sources
from sources.status_codes import FETCHED, Status
from sources.urls import NotCrawlable
from sources.web.source import WebSource
from warehouse.console.progress import ProgressCallback, stage_bar
from warehouse.lake import Lake


def crawl_night(settings: Settings, day: date) -> dict[str, int | str]:
    """Crawl with a progress bar and return the counts. Raises NothingCrawled if there is no page."""
    with stage_bar("crawl", settings.state) as report, small_heap():
        counts = run_crawl(settings, day, report)
    refuse_empty(counts)
    return counts


def run_crawl(
    settings: Settings,
    day: date,
    report: ProgressCallback,
    sources: Iterable[Configure] = SOURCES,
    opening: OpenEngine = opened_engine,
) -> dict[str, int | str]:
    """Crawl until every admitted url of the day has its row; return the counts of the day by status,
    and by what became of the pages since the nights before. `opening` opens the workers of shards.

    Raises SettingsError on invalid seeds, patterns or folders, and PydocServerFailed.
    """
    frontier, lost = open_frontier(settings.state / FRONTIER, extraction_of(settings.crawl))
    with warc_files(settings, day, WORKER) as archive, frontier, ShardedCrawl(settings, day, report, opening) as shards:
        write = part_writer(settings, WORKER, archive)
        frontier.start_after(day, Lake(settings.lake).next_part(day, WORKER, Document).seq)
        frontier.close_earlier(day)
        frontier.drain(write)
        frontier.wait_again(day, Status.ROBOTS_UNREACHABLE)
        stored = archive if settings.crawl.keep_raw else None
        try:
            configured = configured_sources(settings.crawl, sources)
            shards.begin(frontier, configured)
            for source in configured:
                if isinstance(source, WebSource) and shards.count > 1:
                    shards.crawl(source, frontier)
                    continue
                shards.claim(frontier)
                frontier.admit(day, source.start_urls())
                if frontier.hosts(day, source.name):
                    client, blocklist = client_of(settings.crawl), Blocklist(settings.blocklist)
                    pool = extraction_pool(settings)
                    run = CrawlRun(day, frontier, write, report, client, pool, blocklist, stored)
                    asyncio.run(_crawl(source, run))
        except NotCrawlable as error:
            raise SettingsError(str(error)) from error
        lost = "; ".join(filter(None, (lost, shards.lost)))
        counts = _counts([(frontier.tally(day), frontier.changes(day)), *shards.counts()])
        return counts | ({"frontier": lost} if lost else {})


async def _crawl(source: Source, run: CrawlRun) -> None:
    async with run.client, run.pool:
        await source.crawl(run)


def _counts(found: list[tuple[dict[str, int], Changes]]) -> dict[str, int | str]:
    """The sums over the frontiers of a day, each with its tally and its changes."""
    tally, changes = Counter[str](), Counter[str]()
    for statuses, became in found:
        tally.update(statuses)
        changes.update(asdict(became))
    pages = sum(tally[code] for code in FETCHED)
    return {"urls": tally.total(), "pages": pages, **changes, **dict(sorted(tally.items()))}
