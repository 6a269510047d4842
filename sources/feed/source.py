"""The feed source: the pages of the entries that are new or updated since the last night.

A feed is a collection. Its entries' pages are admitted to the frontier and fetched by the web crawler, one link deep,
unless the entry's own content is taken.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
from pydantic import BaseModel

from sources.collections.collection import Content, Entry, RawPage, Refused
from sources.collections.config import SourceConfig
from sources.collections.source import CollectionSource
from sources.crawl_run import CrawlRun
from sources.feed.parse import FeedEntry, parse_feed
from sources.frontier.records import Admission, kind_of
from sources.http.fetch import ANY_TYPE, FetchResult
from sources.http.robots import fetch_rules
from sources.status_codes import Status
from sources.urls import NotCrawlable, normalise, origin_of
from sources.web.crawl_config import CrawlConfig
from sources.web.crawler import Crawler

MAX_WAIT_S = 60.0
ANYWHERE = (".",)
"""Pattern of the urls in scope: an entry's page may be on any host."""


class FeedConfig(SourceConfig):
    """The feeds to read."""

    urls: tuple[str, ...]
    full_text: str = "page"


def configured(crawl: object, section: BaseModel) -> "FeedSource":
    """Build the source from an entry of `[[crawl.sources]]`."""
    config = FeedConfig.of(section, crawl)
    keys = {"seeds": (), "sitemaps": (), "allow": ANYWHERE, "follow_links": False, "source": config.name}
    keys |= {"license": config.license, "obey_directives": config.obey_directives}
    if config.max_pages is not None:
        keys["max_pages"] = config.max_pages
    of_pages = CrawlConfig.model_validate(dict(CrawlConfig.model_validate(crawl)) | keys)
    return FeedSource(config, partial(_find, config, of_pages), of_pages)


def _find(config: FeedConfig, of_pages: CrawlConfig) -> list["Feed"]:
    feeds = []
    for text in config.urls:
        url = normalise(text)
        if url is None:
            raise NotCrawlable(f"crawl.sources.urls: {text!r} is not an http(s) url without credentials; correct it")
        feeds.append(Feed(url, config, of_pages))
    return feeds


@dataclass(frozen=True)
class FeedSource(CollectionSource):
    """All feeds of one entry of the settings."""

    of_pages: CrawlConfig

    async def crawl(self, run: CrawlRun) -> None:
        """Read the feeds, then fetch the pages of their entries."""
        await super().crawl(run)
        await Crawler(self.of_pages, run).run()


@dataclass(frozen=True)
class Feed:
    """One feed."""

    url: str
    config: FeedConfig
    of_pages: CrawlConfig
    is_complete: bool = False
    """a feed holds the newest entries only"""
    _entries: list[FeedEntry] = field(default_factory=list)

    async def version(self, run: CrawlRun) -> str | None:
        """Request the feed; return its validators and the newest time of its entries as JSON. Raises Refused."""
        known = _state(run, self.url)
        response = await self._fetched(run, known)
        if response.status == Status.NOT_MODIFIED and known is not None:
            return known[0]
        if response.status != Status.OK:
            raise Refused(response.status, response.detail or "the feed cannot be read")
        content_type = response.headers.get("content-type", "")
        try:
            entries = await run.pool.call(parse_feed, response.body, self.url, content_type)
        except Exception as error:  # any error of a parser belongs to the feed and must not end the crawl
            raise Refused(Status.EXTRACTION_FAILED, f"{type(error).__name__}: {error}"[:500]) from error
        if entries is None:
            raise Refused(
                Status.EXTRACTION_EMPTY, f"not a feed, but {content_type or 'unknown'}; name the feed's own url"
            )
        self._entries[:] = entries
        newest = max((entry.updated or "" for entry in entries), default="")
        headers = response.headers
        return orjson.dumps([headers.get("etag"), headers.get("last-modified"), newest, len(entries)]).decode()

    async def entries(self, run: CrawlRun, known_version: str | None) -> AsyncIterator[Entry]:
        """Yield the entries whose own content is taken; admit the pages of the others."""
        since = _decoded(known_version)[2] if known_version else ""
        pages = []
        for entry in self._entries:
            if self.config.full_text == "content" and entry.content:
                yield self._entry(entry)
            elif run.frontier.known(entry.url) is None or (entry.updated or "") > since:
                pages.append(entry.url)
        kind = kind_of(self.config.name, "page")
        run.frontier.admit(
            run.day, [Admission(url, origin_of(url), kind, 1, -1, place) for place, url in enumerate(pages)]
        )

    def _entry(self, entry: FeedEntry) -> Entry:
        found = {"title": entry.title, "license": entry.license}
        columns: dict[str, Any] = {name: value for name, value in found.items() if value}
        html = f"<html><body><article>{entry.content}</article></body></html>".encode()
        return Entry(entry.url, partial(_content, html), entry.updated, columns)

    async def _fetched(self, run: CrawlRun, known: tuple[str, Any] | None) -> FetchResult:
        etag, last_modified = known[1][:2] if known else (None, None)
        url = self.url
        for _ in range(self.of_pages.max_redirects + 1):
            await self._check_robots(run, url)
            response = await self._retried(run, url, etag, last_modified)
            if response.status != Status.REDIRECTED or response.location is None:
                return response
            url = response.location
        raise Refused(Status.REDIRECT_LIMIT, f"redirects to {url} after {self.of_pages.max_redirects} redirects")

    async def _check_robots(self, run: CrawlRun, url: str) -> None:
        if self.of_pages.obey_robots:
            rules = await fetch_rules(run.client, origin_of(url), run.client.limits.user_agent)
            if refusal := rules.refusal(url):
                raise Refused(*refusal)

    async def _retried(self, run: CrawlRun, url: str, etag: str | None, last_modified: str | None) -> FetchResult:
        for retry in range(self.of_pages.retries + 1):
            response = await run.client.get(url, types=ANY_TYPE, etag=etag, last_modified=last_modified)
            wait = response.retry_after_s if response.retry_after_s is not None else 0.5 * 2**retry
            if not response.retryable or retry == self.of_pages.retries or wait > MAX_WAIT_S:
                break
            await asyncio.sleep(wait)
        return response


async def _content(html: bytes) -> Content:
    return RawPage(html, "text/html", "text/html; charset=utf-8")


def _state(run: CrawlRun, url: str) -> tuple[str, Any] | None:
    """Return the feed's version of the last night, as it is and decoded."""
    row = run.frontier.known_collection(url)
    return (row[0], _decoded(row[0])) if row else None


def _decoded(version: str) -> Any:
    return orjson.loads(version)
