"""Tries each configured source for one page, by the crawl's own code, in a frontier that is thrown away.

So a wrong address, a missing column or a robots.txt that forbids everything is seen in a minute, not after a night.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from flows.crawl.setup import client_of
from flows.settings import Crawl, Settings
from schemas.document import Document
from sources.blocklist import Blocklist
from sources.collections.source import CollectionSource
from sources.crawl_run import CrawlRun
from sources.frontier.frontier import Frontier
from sources.protocol import Source
from sources.registry import configured_sources
from sources.status_codes import FETCHED, Status
from sources.text.extract import EXTRACTOR
from sources.text.extraction_pool import ExtractionPool
from sources.urls import NotCrawlable

MAX_WEB_PAGES = 10
"""Pages of a web source that are tried: its start urls, and one more."""
QUIET = FETCHED | {Status.COLLECTION, Status.SITEMAP, Status.REDIRECTED, Status.OVER_BUDGET, Status.OVER_DEPTH}


@dataclass(frozen=True)
class SourceCheck:
    """The outcome of one source."""

    name: str
    starts: Sequence[str]
    """addresses that the crawl starts with"""
    rows: Sequence[Document] = ()
    count: int | None = None
    """about how many pages a collection holds, where it states that"""
    problem: str | None = None
    """why the source cannot be crawled at all"""

    @property
    def page(self) -> Document | None:
        """The first page that was read."""
        return next((row for row in self.rows if row.status == Status.OK), None)

    @property
    def statuses(self) -> dict[str, int]:
        """The urls that were found, by status; `over_budget` are those that a night would read."""
        return dict(Counter(row.status for row in self.rows))

    @property
    def reasons(self) -> list[str]:
        """The first failures, in words."""
        failed = [row for row in self.rows if row.status not in QUIET]
        return [f"{row.url}: {row.status}, {row.detail or 'no further detail'}" for row in failed[:5]]


def check_sources(settings: Settings) -> Iterator[SourceCheck]:
    """Try every configured source in turn. Raises SettingsError, PydocServerFailed."""
    crawl = _for_one_page(settings.crawl)
    for source in configured_sources(crawl):
        try:
            starts = list(source.start_urls())
        except NotCrawlable as error:
            yield SourceCheck(source.name, (), problem=str(error))
            continue
        with TemporaryDirectory(prefix="factory-sources-check-") as folder:
            rows = _rows(source, settings.model_copy(update={"crawl": crawl}), Path(folder))
        count = source.count() if isinstance(source, CollectionSource) else None
        yield SourceCheck(source.name, [start.url for start in starts], rows, count)


def _for_one_page(crawl: Crawl) -> Crawl:
    sections = [
        one.model_copy(update={"max_pages": _budget(one.seeds, one.sitemaps) if one.kind == "web" else 1})
        for one in crawl.sources
    ]
    return crawl.model_copy(update={"max_pages": _budget(crawl.seeds, crawl.sitemaps), "sources": sections})


def _budget(seeds: Sequence[str], sitemaps: Sequence[str]) -> int:
    return min(MAX_WEB_PAGES, 1 + len(seeds) + len(sitemaps)) if sitemaps else 1


def _rows(source: Source, settings: Settings, folder: Path) -> list[Document]:
    rows, day = list[Document](), datetime.now(UTC).date()
    with Frontier(folder / "frontier.sqlite", EXTRACTOR) as frontier:
        frontier.admit(day, source.start_urls())
        run = CrawlRun(
            day,
            frontier,
            lambda _day, _seq, documents: rows.extend(documents),
            lambda *_: None,
            client_of(settings.crawl),
            ExtractionPool(1),
            Blocklist(settings.blocklist),
        )
        asyncio.run(_crawl(source, run))
    return rows


async def _crawl(source: Source, run: CrawlRun) -> None:
    async with run.client, run.pool:
        await source.crawl(run)
        run.drain()
