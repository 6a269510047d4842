"""One url from request to row: what to ask for, and what its reply means.

Every way to end has a row and a reason; a page that breaks the extractor is one of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from schemas.document import Document
from sources.archive.raw_capture import NOTHING_KEPT, Keeper, Kept
from sources.frontier.frontier import Admission, Known, Visit
from sources.http.fetch import PAGE_TYPES, SITEMAP_TYPES, Client, Reply
from sources.status_codes import Status
from sources.text.document_builder import Found, bare, document, without_secrets
from sources.text.extract import extract
from sources.text.extraction_pool import SeatDied, Seats
from sources.urls import Scope, origin_of
from sources.web.crawl_config import Site
from sources.web.sitemap import read


@dataclass(frozen=True)
class Ending:
    """How a url ended, and which urls it leads to."""

    document: Document
    links: tuple[Admission, ...] = ()
    fetched: bool = True
    """costs one page of the night's budget"""


def refused(visit: Visit, run_id: str, status: str, detail: str) -> Ending:
    """The end of a url that was not asked for."""
    return Ending(bare(visit.url, run_id, status, detail=detail), fetched=False)


@dataclass(frozen=True)
class Visitor:
    """Visits urls of one site for one night."""

    site: Site
    scope: Scope
    client: Client
    seats: Seats
    run_id: str
    keeper: Keeper | None = None
    """keeps what came as it came; None: nothing is kept"""

    async def request(self, visit: Visit, known: Known | None) -> Reply:
        """Ask for the url; only for what changed, when it gave a page before."""
        if visit.kind == "sitemap":
            return await self.client.get(visit.url, types=SITEMAP_TYPES)
        if known is None:
            return await self.client.get(visit.url, types=PAGE_TYPES)
        return await self.client.get(visit.url, types=PAGE_TYPES, etag=known.etag, last_modified=known.last_modified)

    async def judge(self, visit: Visit, reply: Reply, known: Known | None) -> Ending:
        """The row that the reply becomes, and where it leads."""
        if reply.status == Status.REDIRECTED:
            return self._redirected(visit, reply)
        if reply.status == Status.NOT_MODIFIED and known is not None:
            return self._unchanged(visit, reply, known)
        if reply.status == Status.OK and visit.kind == "sitemap":
            return await self._listed(visit, reply)
        if reply.status == Status.OK:
            return await self._read(visit, reply)
        return Ending(self._bare(visit, reply, reply.status, reply.detail))

    async def _read(self, visit: Visit, reply: Reply) -> Ending:
        found = await self._extracted(visit, reply)
        clean = without_secrets(found) if self.site.redact else found
        kept = await self._kept(visit, reply, "" if clean == found else f"{found.title or ''}\n{found.text}")
        found = replace(clean, detail=_joined(clean.detail, kept.detail))
        licensed = {} if found.license else {"license": self.site.license}
        row = document(visit.url, self.run_id, found, **_columns(reply, kept), **licensed)
        return Ending(row, self._admissions(visit, (url for url, _ in found.links)))

    async def _kept(self, visit: Visit, reply: Reply, text: str = "") -> Kept:
        return await self.keeper.keep(visit.url, reply, text) if self.keeper else NOTHING_KEPT

    async def _extracted(self, visit: Visit, reply: Reply) -> Found:
        content_type = reply.headers.get("content-type", "")
        try:
            return await self.seats.call(
                extract, reply.body, reply.media_type, content_type, visit.url, self.site.layout
            )
        except SeatDied as error:
            return Found(Status.EXTRACTION_FAILED, str(error))
        except Exception as error:  # whatever a parser trips over is the page's fault, not the night's
            return Found(Status.EXTRACTION_FAILED, f"{type(error).__name__}: {error}"[:500])

    async def _listed(self, visit: Visit, reply: Reply) -> Ending:
        kept = await self._kept(visit, reply)
        try:
            listed = await self.seats.call(read, reply.body, visit.url, self.site.limits.max_bytes)
        except SeatDied as error:
            return Ending(self._bare(visit, reply, Status.EXTRACTION_FAILED, str(error), kept))
        if listed is None:
            return Ending(self._bare(visit, reply, Status.EXTRACTION_EMPTY, "this is no sitemap", kept))
        detail = f"lists {len(listed.pages)} pages and {len(listed.sitemaps)} sitemaps"
        links = self._admissions(visit, listed.pages) + self._admissions(visit, listed.sitemaps, "sitemap")
        return Ending(self._bare(visit, reply, Status.SITEMAP, detail, kept), links)

    def _unchanged(self, visit: Visit, reply: Reply, known: Known) -> Ending:
        same = {"doc_id": known.doc_id, "content_sha256": known.content_sha256, "title": known.title}
        validators = {
            "etag": reply.headers.get("etag", known.etag),
            "last_modified": reply.headers.get("last-modified", known.last_modified),
        }
        raw = {"warc_file": known.warc_file, "warc_offset": known.warc_offset}
        row = bare(visit.url, self.run_id, Status.NOT_MODIFIED, http_status=reply.code, **same, **validators, **raw)
        return Ending(row, self._admissions(visit, known.links))

    def _redirected(self, visit: Visit, reply: Reply) -> Ending:
        target = reply.location
        if target is None or not self.scope.admits(target):
            where = target or reply.headers.get("location", "nowhere")
            detail = f"redirects to {where}, outside what may be crawled; crawl.allow or a seed can admit it"
            return Ending(self._bare(visit, reply, Status.REDIRECT_DENIED, detail))
        if target == visit.url or visit.hops >= self.site.max_redirects:
            detail = f"redirects to {target} after {visit.hops} redirects"
            return Ending(self._bare(visit, reply, Status.REDIRECT_LIMIT, detail))
        hop = Admission(target, origin_of(target), visit.kind, visit.depth, visit.position, 0, visit.hops + 1)
        return Ending(self._bare(visit, reply, Status.REDIRECTED, f"to {target}"), (hop,), fetched=False)

    def _admissions(self, visit: Visit, urls: Iterable[str], kind: str = "page") -> tuple[Admission, ...]:
        depth = visit.depth + 1
        return tuple(
            Admission(url, origin_of(url), kind, depth, visit.position, place)
            for place, url in enumerate(urls)
            if self.scope.admits(url)
        )

    def _bare(self, visit: Visit, reply: Reply, status: str, detail: str | None, kept: Kept = NOTHING_KEPT) -> Document:
        detail = _joined(detail, kept.detail)
        return bare(visit.url, self.run_id, status, detail=detail, **_columns(reply, kept))


def _joined(*details: str | None) -> str | None:
    return "; ".join(filter(None, details)) or None


def _columns(reply: Reply, kept: Kept) -> dict[str, str | int | None]:
    headers, place = reply.headers, kept.place
    return {
        "http_status": reply.code,
        "etag": headers.get("etag"),
        "last_modified": headers.get("last-modified"),
        "warc_file": place.file if place else None,
        "warc_offset": place.offset if place else None,
    }
