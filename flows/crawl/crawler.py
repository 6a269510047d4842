"""One day's crawl: drives every configured source through the Source protocol and writes documents to the lake.

Urls that have ended today are not fetched again, so a second run of a complete day fetches nothing; only a robots.txt
that could not be read is requested again. On a later day requests are conditional (ETag, Last-Modified), so that
unchanged pages are not sent again.
"""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import date
from importlib.metadata import version

from flows import event_loop
from flows.crawl.cluster_extract import extraction_pool
from flows.crawl.outcome import refuse_empty
from flows.settings import Crawl, Settings, SettingsError
from flows.small_heap import small_heap
from schemas.document import Document
from sources.archive.warc_files import WarcFiles
from sources.blocklist import Blocklist
from sources.crawl_run import CrawlRun
from sources.frontier.frontier import Frontier
from sources.frontier.recovery import open_frontier
from sources.http.fetch import Client, Limits
from sources.http.network import Network
from sources.protocol import Configure, Source
from sources.registry import SOURCES, configured_sources
from sources.rights.declarations import EVERY_DIRECTIVE
from sources.status_codes import FETCHED, Status
from sources.text.extract import EXTRACTOR
from sources.urls import NotCrawlable
from warehouse.console.progress import ProgressCallback, stage_bar
from warehouse.lake import Lake, PartName

WORKER = "crawl"


def crawl_night(settings: Settings, day: date) -> dict[str, int | str]:
    """Crawl with a progress bar and return the counts. Raises NothingCrawled if there is no page."""
    with stage_bar("crawl", settings.state) as report, small_heap():
        counts = run_crawl(settings, day, report)
    refuse_empty(counts)
    return counts


def run_crawl(
    settings: Settings, day: date, report: ProgressCallback, sources: Iterable[Configure] = SOURCES
) -> dict[str, int | str]:
    """Crawl until every admitted url of the day has its row; return the counts of the day by status,
    and by what became of the pages since the nights before.

    Raises SettingsError on invalid seeds, patterns or folders, and PydocServerFailed.
    """
    lake = Lake(settings.lake)

    def write(part_day: date, seq: int, rows: list[Document]) -> None:
        archive.sync()
        lake.write(Document, rows, PartName(part_day, WORKER, seq))

    frontier, lost = open_frontier(settings.state / "frontier.sqlite", _extraction(settings.crawl))
    with (
        WarcFiles(lambda: lake.new_raw(day, WORKER), _warc_info(settings.crawl), locate=lake.raw) as archive,
        frontier,
    ):
        frontier.start_after(day, lake.next_part(day, WORKER, Document).seq)
        frontier.close_earlier(day)
        frontier.drain(write)
        frontier.wait_again(day, Status.ROBOTS_UNREACHABLE)
        stored = archive if settings.crawl.keep_raw else None
        try:
            for source in configured_sources(settings.crawl, sources):
                frontier.admit(day, source.start_urls())
                if frontier.hosts(day, source.name):
                    client, blocklist = client_of(settings.crawl), Blocklist(settings.blocklist)
                    pool = extraction_pool(settings)
                    run = CrawlRun(day, frontier, write, report, client, pool, blocklist, stored)
                    event_loop.run(_crawl(source, run))
        except NotCrawlable as error:
            raise SettingsError(str(error)) from error
        return _counts(frontier, day) | ({"frontier": lost} if lost else {})


def _extraction(crawl: Crawl) -> str:
    """Identity of what makes a text of a page's bytes: a change of the directives obeyed fetches all pages again."""
    parts = [EXTRACTOR]
    if set(crawl.obey_directives) != set(EVERY_DIRECTIVE):
        parts.append(f"obeys {' '.join(sorted(crawl.obey_directives))}")
    for source in crawl.sources:
        own = source.obey_directives
        if own is not None and set(own) != set(crawl.obey_directives):
            parts.append(f"{source.name or source.kind} obeys {' '.join(sorted(own))}")
    return ", ".join(parts)


def client_of(crawl: Crawl) -> Client:
    """Return a new client with the limits of the settings. Raises NotCrawlable on an invalid network."""
    limits = Limits(crawl.user_agent, crawl.timeout_s, crawl.max_bytes)
    return Client(limits, Network.allowing(crawl.allow_addresses))


async def _crawl(source: Source, run: CrawlRun) -> None:
    async with run.client, run.pool:
        await source.crawl(run)


def _warc_info(crawl: Crawl) -> dict[str, str]:
    """Return the fields of the warcinfo record of each file of raw responses."""
    changes = "bodies are stored decompressed, headers that carry credentials are left out"
    if crawl.redact:
        changes += ", secrets and personal data are replaced by placeholders"
    return {
        "software": f"horizon-factory/{version('horizon-factory')}",
        "format": "WARC File Format 1.1",
        "http-header-user-agent": crawl.user_agent,
        "description": changes,
    }


def _counts(frontier: Frontier, day: date) -> dict[str, int | str]:
    tally = frontier.tally(day)
    counts: dict[str, int | str] = {"urls": sum(tally.values()), "pages": sum(tally.get(code, 0) for code in FETCHED)}
    return counts | asdict(frontier.changes(day)) | tally
