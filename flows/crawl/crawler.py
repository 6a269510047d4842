"""One night's crawl: the settings' seeds, sitemaps and folders, or the embedded site, become documents of the lake.

It does what the night has not done yet. A second run of a complete night asks for nothing; a later night
asks only for what changed.
"""

import asyncio
from contextlib import AbstractContextManager, nullcontext
from datetime import date
from importlib.metadata import version

from flows.settings import Crawl, Settings, SettingsError
from schemas.document import Document
from sources.archive.warc_files import WarcFiles
from sources.blocklist import Blocklist
from sources.crawl_run import Night
from sources.folder import source as folder
from sources.folder.source import Folders
from sources.frontier.frontier import Frontier
from sources.http.fetch import Limits
from sources.http.network import Network
from sources.pydoc_site import server as pydoc_site
from sources.status_codes import FETCHED
from sources.text.extract import EXTRACTOR
from sources.urls import NotCrawlable
from sources.web import crawler as web
from sources.web.crawl_config import NO_LAYOUT, Site
from warehouse.console.progress import Report
from warehouse.lake import Lake, PartName

WORKER = "crawl"


def crawl_night(settings: Settings, day: date, report: Report) -> dict[str, int | str]:
    """Crawl until every url that the night has met has its row; the counts of the night, by status.

    Raises SettingsError on seeds, patterns or folders that make no sense, and pydoc_site.SiteFailed.
    """
    lake = Lake(settings.lake)

    def write(night: date, seq: int, rows: list[Document]) -> None:
        raw.sync()
        lake.write(Document, rows, PartName(night, WORKER, seq))

    with (
        WarcFiles(lambda: lake.new_raw(day, WORKER), _facts(settings.crawl)) as raw,
        Frontier(settings.state / "frontier.sqlite", EXTRACTOR) as frontier,
    ):
        frontier.close_earlier(day)
        frontier.drain(write)
        try:
            night = Night(day, frontier, write, report, raw if settings.crawl.keep_raw else None)
            _read_folders(settings.crawl, night)
            _crawl_site(settings.crawl, Blocklist(settings.blocklist), night)
        except NotCrawlable as error:
            raise SettingsError(str(error)) from error
        return _counts(frontier, day)


def _read_folders(crawl: Crawl, night: Night) -> None:
    if not crawl.folders:
        return
    folders = Folders(tuple(path.expanduser() for path in crawl.folders), crawl.max_bytes, crawl.license, crawl.redact)
    folder.admit(folders, night)
    asyncio.run(folder.read_all(folders, night))


def _crawl_site(crawl: Crawl, blocked: Blocklist, night: Night) -> None:
    site = _site(crawl, blocked)
    if not site.seeds and not site.sitemaps:
        return
    site.scope()
    web.admit(site, night)
    if not night.frontier.counts(night.day).waiting:
        return
    with _stands_at(crawl) as stands_at:
        network = Network.allowing((*crawl.allow_addresses, *_loopback(crawl)), stands_at)
        asyncio.run(web.crawl(site, night, network))


def _site(crawl: Crawl, blocked: Blocklist) -> Site:
    embedded = is_embedded(crawl)
    return Site(
        seeds=pydoc_site.SEEDS if embedded else tuple(crawl.seeds),
        sitemaps=tuple(crawl.sitemaps),
        allow=tuple(crawl.allow),
        deny=(*crawl.deny, *pydoc_site.DENY) if embedded else tuple(crawl.deny),
        max_pages=crawl.max_pages,
        max_depth=crawl.max_depth,
        obey_robots=crawl.obey_robots,
        delay_s=crawl.delay_s,
        per_host=crawl.per_host,
        concurrency=crawl.concurrency,
        retries=crawl.retries,
        max_redirects=crawl.max_redirects,
        limits=Limits(crawl.user_agent, crawl.timeout_s, crawl.max_bytes),
        blocked=blocked,
        redact=crawl.redact,
        layout=pydoc_site.LAYOUT if embedded else NO_LAYOUT,
        license=crawl.license or (pydoc_site.LICENSE if embedded else None),
    )


def is_embedded(crawl: Crawl) -> bool:
    """Whether nothing was asked for, so that Python's own documentation is crawled."""
    return not (crawl.seeds or crawl.sitemaps or crawl.folders)


def _stands_at(crawl: Crawl) -> AbstractContextManager[dict[str, tuple[str, int]]]:
    return pydoc_site.served() if is_embedded(crawl) else nullcontext({})


def _loopback(crawl: Crawl) -> tuple[str, ...]:
    return (pydoc_site.ADDRESS,) if is_embedded(crawl) else ()


def _facts(crawl: Crawl) -> dict[str, str]:
    """What a file of raw replies says of itself."""
    changes = "bodies are stored decompressed, headers that carry credentials are left out"
    if crawl.redact:
        changes += ", placeholders stand for secrets and personal data"
    return {
        "software": f"horizon-factory/{version('horizon-factory')}",
        "format": "WARC File Format 1.1",
        "http-header-user-agent": crawl.user_agent,
        "description": changes,
    }


def _counts(frontier: Frontier, day: date) -> dict[str, int | str]:
    tally = frontier.tally(day)
    told: dict[str, int | str] = {"urls": sum(tally.values()), "pages": sum(tally.get(code, 0) for code in FETCHED)}
    return told | tally
