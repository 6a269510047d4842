"""Turns the response to one url into a document row and the further urls that it links to.

Every outcome has a row with a reason code, also a page that crashes the extractor.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from schemas.document import Document
from sources.archive.raw_capture import NOT_CAPTURED, Captured, RawCapture
from sources.frontier.records import Admission, KnownPage, Visit, kind_of, source_of
from sources.http.fetch import ANY_TYPE, PAGE_TYPES, Client, FetchResult
from sources.rights.declarations import REFUSED, declared
from sources.rights.page_markup import NOTHING_DECLARED
from sources.status_codes import Status
from sources.text.document_builder import ExtractedPage, build_document, empty_document, redacted_page
from sources.text.extraction_pool import ExtractionPool, WorkerDied
from sources.text.permitted_page import permitted_page
from sources.urls import Scope, origin_of
from sources.web.crawl_config import CrawlConfig
from sources.web.site import Site
from sources.web.sitemap import parse_sitemap


@dataclass(frozen=True)
class UrlOutcome:
    """The row of a url, and the urls that it links to."""

    document: Document
    links: tuple[Admission, ...] = ()
    fetched: bool = True
    """counts against the page budget"""


def not_fetched(visit: Visit, run_id: str, status: str, detail: str) -> UrlOutcome:
    """Return the outcome of a url that is not requested at all."""
    return UrlOutcome(
        empty_document(visit.url, run_id, status, source=source_of(visit.kind), detail=detail), fetched=False
    )


@dataclass(frozen=True)
class ResponseHandler:
    """Requests urls and handles their responses."""

    config: CrawlConfig
    scope: Scope
    client: Client
    pool: ExtractionPool
    run_id: str
    capture: RawCapture | None = None
    """stores raw responses; None stores none"""

    async def fetch(self, visit: Visit, known: KnownPage | None) -> FetchResult:
        """Request a url; conditionally (ETag, Last-Modified) if an earlier fetch is known."""
        if visit.form == "sitemap":
            return await self.client.get(visit.url, types=ANY_TYPE)
        if known is None:
            return await self.client.get(visit.url, types=PAGE_TYPES)
        return await self.client.get(visit.url, types=PAGE_TYPES, etag=known.etag, last_modified=known.last_modified)

    async def handle(self, visit: Visit, response: FetchResult, known: KnownPage | None, site: Site) -> UrlOutcome:
        """Return the row and the links of a response; `site` has the facts of its origin."""
        if response.status == Status.REDIRECTED:
            return self._redirect(visit, response)
        if response.status == Status.NOT_MODIFIED and known is not None:
            return self._not_modified(visit, response, known, site)
        if response.status == Status.OK and visit.form == "sitemap":
            return await self._sitemap(visit, response)
        if response.status == Status.OK:
            return await self._page(visit, response, site)
        return UrlOutcome(self._empty(visit, response, response.status, response.detail))

    async def _page(self, visit: Visit, response: FetchResult, site: Site) -> UrlOutcome:
        content_type = response.headers.get("content-type", "")
        extracted = await self.pool.extract(
            response.body, response.media_type, content_type, visit.url, self.config.layout
        )
        page = redacted_page(extracted) if self.config.redact else extracted
        if page.status == Status.OK and site.is_error(urlsplit(visit.url).path, page.text):
            page = replace(
                page, status=Status.ERROR_PAGE, detail="it reads as the site's answer to a wrong address", text=""
            )
        secret_text = "" if page == extracted else f"{extracted.title or ''}\n{extracted.text}"
        stated = declared(visit.url, page.markup, response.headers, site.rights)
        page = permitted_page(page, stated, self.config.obey_directives)
        refused = page.status in REFUSED
        raw = NOT_CAPTURED if refused else await self._capture(visit, response, secret_text)
        page = replace(page, detail=_joined(page.detail, raw.detail))
        own = {} if page.license else {"license": self.config.license}
        columns = _columns(response, raw) | stated.columns(self.config.obey_directives) | own
        row = build_document(visit.url, self.run_id, page, source=self.config.source, **columns)
        return UrlOutcome(row, self._admissions(visit, self._followed(page)))

    def _followed(self, page: ExtractedPage) -> Iterator[str]:
        """The targets that are followed: links, and the address that the page names as its canonical one."""
        skipped = set(page.nofollow_links)
        yield from (url for url, _ in page.links if url not in skipped)
        if page.markup.canonical:
            yield page.markup.canonical

    async def _capture(self, visit: Visit, response: FetchResult, secret_text: str = "") -> Captured:
        return await self.capture.store(visit.url, response, secret_text) if self.capture else NOT_CAPTURED

    async def _sitemap(self, visit: Visit, response: FetchResult) -> UrlOutcome:
        raw = await self._capture(visit, response)
        try:
            urls = await self.pool.call(parse_sitemap, response.body, visit.url, self.client.limits.max_bytes)
        except WorkerDied as error:
            return UrlOutcome(self._empty(visit, response, Status.EXTRACTION_FAILED, str(error), raw))
        if urls is None:
            return UrlOutcome(self._empty(visit, response, Status.EXTRACTION_EMPTY, "not a sitemap", raw))
        detail = f"lists {len(urls.pages)} pages and {len(urls.sitemaps)} sitemaps"
        links = self._admissions(visit, urls.pages) + self._admissions(visit, urls.sitemaps, "sitemap")
        return UrlOutcome(self._empty(visit, response, Status.SITEMAP, detail, raw), links)

    def _not_modified(self, visit: Visit, response: FetchResult, known: KnownPage, site: Site) -> UrlOutcome:
        """The row of a page that did not change; what its site states may have, and is obeyed."""
        stated = declared(visit.url, NOTHING_DECLARED, response.headers, site.rights)
        if refusal := stated.refusal(self.config.obey_directives):
            return UrlOutcome(self._empty(visit, response, *refusal), self._admissions(visit, known.links))
        columns = {
            "doc_id": known.doc_id,
            "content_sha256": known.content_sha256,
            "title": known.title,
            "etag": response.headers.get("etag", known.etag),
            "last_modified": response.headers.get("last-modified", known.last_modified),
            "warc_file": known.warc_file,
            "warc_offset": known.warc_offset,
            "http_status": response.code,
        }
        row = empty_document(visit.url, self.run_id, Status.NOT_MODIFIED, source=self.config.source, **columns)
        return UrlOutcome(row, self._admissions(visit, known.links))

    def _redirect(self, visit: Visit, response: FetchResult) -> UrlOutcome:
        target = response.location
        if target is None or not self.scope.admits(target):
            where = target or response.headers.get("location", "nowhere")
            detail = f"redirects to {where}, outside the crawl's scope; add a seed or a pattern to crawl.allow"
            return UrlOutcome(self._empty(visit, response, Status.REDIRECT_DENIED, detail))
        if target == visit.url or visit.hops >= self.config.max_redirects:
            detail = f"redirects to {target} after {visit.hops} redirects"
            return UrlOutcome(self._empty(visit, response, Status.REDIRECT_LIMIT, detail))
        hop = Admission(target, origin_of(target), visit.kind, visit.depth, visit.position, 0, visit.hops + 1)
        row = self._empty(visit, response, Status.REDIRECTED, f"to {target}")
        return UrlOutcome(row, (hop,), fetched=False)

    def _admissions(self, visit: Visit, urls: Iterable[str], form: str = "page") -> tuple[Admission, ...]:
        if not self.config.follow_links:
            return ()
        depth, kind = visit.depth + 1, kind_of(self.config.source, form)
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
    headers, location = response.headers, raw.location
    return {
        "redirect_url": response.location,
        "http_status": response.code,
        "etag": headers.get("etag"),
        "last_modified": headers.get("last-modified"),
        "warc_file": location.file if location else None,
        "warc_offset": location.offset if location else None,
    }
