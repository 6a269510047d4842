"""A wiki over its API: every page on the first night, then only the pages that changed since the last one.

The version of the collection is the newest entry of the wiki's recent changes. A list of changes begins a day before
the last one that was read, so that no page is missed that changed while the last night was reading. A night that was
interrupted marks its version, so that the next one lists changes also if there is no newer one.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from sources.collections.collection import Content, Entry, Refused
from sources.crawl_run import CrawlRun
from sources.http.serial_requests import SerialRequests
from sources.mediawiki.api import WikiApi, WikiSite, expected_answers
from sources.mediawiki.listing import ListedPage, all_pages, changed_pages, newest_change
from sources.mediawiki.rendered_page import rendered_page
from sources.status_codes import Status

MAX_AGE = timedelta(days=25)
"""Recent changes are kept for 30 to 90 days; after a longer pause all pages are listed."""
OVERLAP = timedelta(days=1)
TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


@dataclass
class WikiSiteCollection:
    """The pages of one wiki in some namespaces."""

    url: str
    """address of api.php"""
    namespaces: tuple[int, ...] | None
    """None: those that the wiki itself counts as content"""
    source: str
    """name of the source"""
    retries: int
    delay_s: float
    is_complete: bool = True
    _requests: SerialRequests | None = field(default=None, repr=False)

    async def version(self, run: CrawlRun) -> str | None:
        """Return time and number of the wiki's newest change, and the namespaces. Raises Refused."""
        with expected_answers(self.url):
            newest = await newest_change(self._api(run))
        time, number = newest or (datetime.now(UTC).strftime(TIME_FORMAT), 0)
        resumed = " resumed" if run.frontier.source_tally(run.day, self.source) else ""
        return f"{time} {number} {_names(self.namespaces)}{resumed}"

    async def entries(self, run: CrawlRun, known_version: str | None) -> AsyncIterator[Entry]:
        """Yield all pages, or those that changed since the known version. Raises Refused."""
        api, since = self._api(run), self._since(known_version)
        self.is_complete = since is None
        with expected_answers(self.url):
            site = await api.site()
            namespaces = site.content_namespaces if self.namespaces is None else self.namespaces
            pages = all_pages(api, namespaces) if since is None else changed_pages(api, namespaces, since)
            async for page in pages:
                if entry := _entry(api, run, site, page):
                    yield entry

    def _api(self, run: CrawlRun) -> WikiApi:
        if self._requests is None:
            self._requests = SerialRequests(run.client, retries=self.retries, delay_s=self.delay_s)
        return WikiApi(self.url, self._requests)

    def _since(self, known_version: str | None) -> str | None:
        """Return the time from which changes are listed; None if all pages are to be listed."""
        time, _, rest = (known_version or "").partition(" ")
        if not known_version or rest.split()[1:2] != [_names(self.namespaces)]:
            return None
        newest = datetime.strptime(time, TIME_FORMAT).replace(tzinfo=UTC)
        return None if datetime.now(UTC) - newest > MAX_AGE else (newest - OVERLAP).strftime(TIME_FORMAT)


def _names(namespaces: Sequence[int] | None) -> str:
    return "content" if namespaces is None else ",".join(map(str, namespaces))


def _entry(api: WikiApi, run: CrawlRun, site: WikiSite, page: ListedPage) -> Entry | None:
    url = site.addresses.of(page.title)
    if url is None:
        return None
    if page.is_gone:
        if run.frontier.known(url) is None:
            return None  # it came and went between two nights
        return Entry(url, partial(_refuse, Status.GONE, "the wiki has deleted or moved this page"))
    if page.is_redirect:
        target = site.addresses.of(page.target) if page.target else None
        return Entry(url, partial(_refuse, Status.REDIRECTED, f"to {target or 'another wiki'}"))
    columns: dict[str, Any] = {"license": site.license, "lang": site.lang, "title": page.title}
    return Entry(url, partial(_read, api, run, site, page, url), str(page.revision), columns)


async def _refuse(status: Status, detail: str) -> Content:
    await asyncio.sleep(0)
    raise Refused(status, detail)


async def _read(api: WikiApi, run: CrawlRun, site: WikiSite, page: ListedPage, url: str) -> Content:
    """Request the rendered page and extract its text. Raises Refused."""
    asked = {
        "action": "parse", "pageid": str(page.page_id), "prop": "text|revid", "disableeditsection": "1",
        "disablelimitreport": "1", "disabletoc": "1",
    }  # fmt: skip
    with expected_answers(api.url):
        text = str((await api.get(asked))["parse"]["text"])
    return await run.pool.page(rendered_page, text, page.title, site.lang, url)
