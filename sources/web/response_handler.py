"""Turns the response to one url into a document row and the further urls that it links to.

Every outcome has a row with a reason code, also a page that crashes the extractor.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from schemas.document import Document
from sources.archive.raw_capture import NOT_CAPTURED, Captured, RawCapture
from sources.frontier.records import Admission, KnownPage, Visit, kind_of, source_of
from sources.http.fetch import ANY_TYPE, PAGE_TYPES, BodySize, Client, FetchResult
from sources.http.robots import RobotsRules
from sources.rights.declarations import declared
from sources.rights.page_markup import NOTHING_DECLARED
from sources.status_codes import Status
from sources.text.document_builder import empty_document
from sources.text.extraction_pool import ExtractionPool, failed_page, failure_of
from sources.urls import Scope, host_of, origin_of
from sources.web.crawl_config import MAX_SITEMAPS, CrawlConfig
from sources.web.crawl_memory import CrawlMemory
from sources.web.page_work import FinishedPage, PageRules, PageWork, finish_extracted, finish_page, response_columns
from sources.web.refresh import refresh_target
from sources.web.site import Site
from sources.web.sitemap import MAX_BYTES as SITEMAP_BYTES
from sources.web.sitemap import parse_sitemap
from sources.web.unchanged import known_columns, sparing_detail


@dataclass(frozen=True)
class UrlOutcome:
    """The row of a url, and the urls that it links to."""

    document: Document
    links: tuple[Admission, ...] = ()
    fetched: bool = True
    """counts against the page budget"""
    page_links: tuple[str, ...] | None = None
    """links of a page that was sent again with the same text; None if it was not"""


def not_fetched(visit: Visit, run_id: str, status: str, detail: str) -> UrlOutcome:
    """Return the outcome of a url that is not requested at all."""
    return UrlOutcome(
        empty_document(visit.url, run_id, status, source=source_of(visit.kind), detail=detail), fetched=False
    )


def with_dropped_links(row: Document, dropped: int, held: int) -> Document:
    """Return the row of a page with the number of its links that the frontier, which holds so many urls, refused."""
    detail = f"{dropped} links were not admitted: this crawl holds {held} urls already"
    return row.model_copy(update={"detail": _joined(row.detail, detail)})


FIRST_SITEMAP_PLACE = 100_000
"""Place among start urls of a sitemap that is not one of the settings': behind all of those."""
MAX_MODIFIED = 1_000_000
"""Times of changes that are kept in memory; sitemaps read after as many spare no requests."""


@dataclass
class ResponseHandler:
    """Requests urls and handles their responses."""

    config: CrawlConfig
    scope: Scope
    client: Client
    pool: ExtractionPool
    run_id: str
    capture: RawCapture | None = None
    """stores raw responses; None stores none"""
    sitemaps: set[str] = field(default_factory=set)
    """the sitemaps that were found so far"""
    modified: dict[str, datetime] = field(default_factory=dict)
    """url of a page → the latest time of a change, by the sitemaps that were read so far"""
    max_sitemaps: int = MAX_SITEMAPS

    def know(self, memory: CrawlMemory, max_sitemaps: int) -> None:
        """Go on with the sitemaps of the memory, and add to them."""
        self.sitemaps, self.modified, self.max_sitemaps = memory.sitemaps, memory.modified, max_sitemaps

    @cached_property
    def rules(self) -> PageRules:
        """The settings that apply to each page."""
        config = self.config
        return PageRules(
            self.run_id,
            config.source,
            config.layout,
            config.redact,
            config.license,
            config.obey_directives,
            keep_raw=self.capture is not None,
        )

    async def fetch(self, visit: Visit, known: KnownPage | None) -> FetchResult:
        """Request a url; conditionally (ETag, Last-Modified) if an earlier fetch is known."""
        if visit.form == "sitemap":
            return await self.client.get(visit.url, types=ANY_TYPE, size=BodySize(SITEMAP_BYTES))
        if known is None:
            return await self.client.get(visit.url, types=PAGE_TYPES)
        return await self.client.get(visit.url, types=PAGE_TYPES, etag=known.etag, last_modified=known.last_modified)

    def unread(self, visit: Visit, response: FetchResult, known: KnownPage | None, site: Site) -> UrlOutcome | None:
        """Return the row and the links of a response; None if it is to be read. `site` has facts of its origin."""
        if response.status == Status.REDIRECTED:
            return self._redirect(visit, response)
        if response.status == Status.NOT_MODIFIED and known is not None:
            return self._not_modified(visit, response, known, site)
        if response.status == Status.OK and visit.form == "sitemap":
            return None
        if response.status == Status.OK:
            target = refresh_target(response, visit.url)
            return self._redirect(visit, replace(response, location=target)) if target else None
        row = self._empty(visit, response, response.status, response.detail)
        return UrlOutcome(row, fetched=visit.form != "sitemap")

    async def page(self, visit: Visit, response: FetchResult, known: KnownPage | None, site: Site) -> UrlOutcome:
        """Return the row and the links of a response that is a page."""
        page = await self._finished(PageWork(visit.url, response, self.rules, site.narrowed_to(visit.url), known))
        same = known if page.document is None else None
        raw = NOT_CAPTURED if same is None else Captured(same.raw)
        if page.raw is not None and self.capture is not None:
            raw = await self.capture.append(page.raw, raw.location)
        if visit.depth == 0:
            self.follow_seed(visit.url)
        links = self._admissions(visit, page.links)
        if page.document is not None:
            detail = _joined(page.document.detail, raw.detail)
            return UrlOutcome(page.document.model_copy(update=_raw_columns(raw) | {"detail": detail}), links)
        if same is None:
            raise RuntimeError(f"{visit.url} has neither a row nor an earlier fetch")
        row = self._unchanged_row(visit, _columns(response, raw) | page.stated, same, raw)
        return UrlOutcome(row, links, page_links=page.links)

    async def _finished(self, work: PageWork) -> FinishedPage:
        """Finish a page in a worker. Of a page that is too much for it, everything but the text is finished here."""
        try:
            return await self.pool.call(finish_page, work)
        except Exception as error:  # any error of a parser belongs to the page and must not end the crawl
            return await asyncio.to_thread(finish_extracted, work, failed_page(error))

    async def sitemap(self, visit: Visit, response: FetchResult) -> UrlOutcome:
        """Return the row of a sitemap, and the pages that it lists."""
        raw = await self.capture.store(visit.url, response) if self.capture else NOT_CAPTURED
        try:
            urls = await self.pool.call(parse_sitemap, response.body, visit.url)
        except Exception as error:  # any error of a parser belongs to the file and must not end the crawl
            return UrlOutcome(self._empty(visit, response, *failure_of(error), raw))
        if urls is None:
            return UrlOutcome(self._empty(visit, response, Status.EXTRACTION_EMPTY, "not a sitemap", raw))
        if len(self.modified) < MAX_MODIFIED:
            self.modified.update(urls.modified)
        detail = f"lists {len(urls.pages)} pages and {len(urls.sitemaps)} sitemaps"
        links = self._admissions(visit, urls.pages) + self._found_sitemaps(urls.sitemaps, visit)
        return UrlOutcome(self._empty(visit, response, Status.SITEMAP, detail, raw), links, fetched=False)

    def spared(self, visit: Visit, known: KnownPage | None) -> UrlOutcome | None:
        """Return the outcome of a page that its sitemap gives no change of since it was read; None: request it."""
        detail = sparing_detail(known, self.modified.get(visit.url))
        if known is None or detail is None:
            return None
        columns = known_columns(known) | {"detail": detail}
        row = empty_document(visit.url, self.run_id, Status.NOT_MODIFIED, source=self.config.source, **columns)
        return UrlOutcome(row, self._admissions(visit, known.links), fetched=False)

    def _not_modified(self, visit: Visit, response: FetchResult, known: KnownPage, site: Site) -> UrlOutcome:
        """The row of a page that did not change; what its site states may have, and is obeyed."""
        stated = declared(visit.url, NOTHING_DECLARED, response.headers, site.rights)
        if refusal := stated.refusal(self.config.obey_directives):
            return UrlOutcome(self._empty(visit, response, *refusal), self._admissions(visit, known.links))
        raw = Captured(known.raw)
        row = self._unchanged_row(visit, _columns(response, raw), known, raw)
        if visit.depth == 0:
            self.follow_seed(visit.url)
        return UrlOutcome(row, self._admissions(visit, known.links))

    def _unchanged_row(self, visit: Visit, sent: dict[str, Any], known: KnownPage, raw: Captured) -> Document:
        newer = {name: value for name, value in sent.items() if value is not None}
        columns = known_columns(known) | newer | {"detail": raw.detail}
        return empty_document(visit.url, self.run_id, Status.NOT_MODIFIED, source=self.config.source, **columns)

    def _redirect(self, visit: Visit, response: FetchResult) -> UrlOutcome:
        target = response.location
        if target is None or not self._may_lead_to(visit, target):
            where = target or response.headers.get("location", "nowhere")
            detail = f"redirects to {where}, outside the crawl's scope; add a seed or a pattern to crawl.allow"
            return UrlOutcome(self._empty(visit, response, Status.REDIRECT_DENIED, detail))
        if target == visit.url or visit.hops >= self.config.max_redirects:
            detail = f"redirects to {target} after {visit.hops} redirects"
            return UrlOutcome(self._empty(visit, response, Status.REDIRECT_LIMIT, detail))
        hop = Admission(target, origin_of(target), visit.kind, visit.depth, visit.position, 0, visit.hops + 1)
        row = self._empty(visit, response, Status.REDIRECTED, f"to {target}")
        return UrlOutcome(row, (hop,), fetched=False)

    def follow_seed(self, url: str) -> None:
        """Widen the scope to the host at which a start url ended after redirects, such as www.example.com."""
        if not self.scope.admits(url) and self.scope.is_open_to(url):
            self.scope = self.scope.with_host(host_of(url))

    def sitemaps_of(self, rules: RobotsRules) -> tuple[Admission, ...]:
        """Return the sitemaps that a robots.txt names."""
        return self._found_sitemaps(rules.sitemaps)

    def _may_lead_to(self, visit: Visit, target: str) -> bool:
        """True if a redirect from this visit may be followed: start urls and sitemaps lead to any host."""
        is_start = visit.depth == 0 or visit.form == "sitemap"
        return self.scope.admits(target) or (is_start and self.scope.is_open_to(target))

    def _found_sitemaps(self, urls: tuple[str, ...], listed_by: Visit | None = None) -> tuple[Admission, ...]:
        """Admit sitemaps of any host, as their protocol allows; their pages have to be in the scope."""
        if not self.config.follow_links:
            return ()
        found = [url for url in urls if url not in self.sitemaps and self.scope.is_open_to(url)]
        kept = found[: max(0, self.max_sitemaps - len(self.sitemaps))]
        self.sitemaps.update(kept)
        position, kind = listed_by.position if listed_by else -1, kind_of(self.config.source, "sitemap")
        return tuple(
            Admission(url, origin_of(url), kind, 0, position, FIRST_SITEMAP_PLACE + place)
            for place, url in enumerate(kept)
        )

    def _admissions(self, visit: Visit, urls: Iterable[str]) -> tuple[Admission, ...]:
        if not self.config.follow_links:
            return ()
        depth, kind = visit.depth + 1, kind_of(self.config.source, "page")
        return tuple(
            Admission(url, origin_of(url), kind, depth, visit.position, place)
            for place, url in enumerate(urls)
            if self.scope.admits(url)
        )

    def _empty(
        self, visit: Visit, response: FetchResult, status: str, detail: str | None, raw: Captured = NOT_CAPTURED
    ) -> Document:
        detail = _joined(detail, raw.detail)
        return empty_document(
            visit.url, self.run_id, status, source=self.config.source, detail=detail, **_columns(response, raw)
        )


def _joined(*details: str | None) -> str | None:
    return "; ".join(filter(None, details)) or None


def _columns(response: FetchResult, raw: Captured) -> dict[str, Any]:
    return response_columns(response) | _raw_columns(raw)


def _raw_columns(raw: Captured) -> dict[str, Any]:
    location = raw.location
    return {"warc_file": location.file if location else None, "warc_offset": location.offset if location else None}
