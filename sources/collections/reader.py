"""One night's reading of a collection: every entry ends with a row, in the order in which the collection lists them.

Several entries are read and extracted at the same time, and committed in order, so that a killed reading resumes
after the last committed entry and the rows are the same. A page whose version or text did not change is not stored
again. A page that the collection no longer lists gets the row `gone`.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from schemas.document import Document
from sources.collections.collection import Collection, Content, Entry, LocalFile, RawPage, Refused
from sources.collections.config import SourceConfig
from sources.crawl_run import CrawlRun
from sources.frontier.collection_log import CollectionLog
from sources.frontier.records import KnownPage, Visit
from sources.rights.declarations import Declarations, declared
from sources.status_codes import Status
from sources.text.document_builder import ExtractedPage, build_document, empty_document, redacted_page
from sources.text.extraction_pool import extract_in_time, extract_redacted
from sources.text.permitted_page import permitted_page

DRAIN_ROWS = 200
"""Ended pages that trigger a part of the lake while the crawl goes on."""


@dataclass(frozen=True)
class _Outcome:
    document: Document
    links: list[str] | None = None
    """known links of a page whose text did not change"""


async def read_collection(config: SourceConfig, visit: Visit, collection: Collection | None, run: CrawlRun) -> None:
    """Read a collection and end its url with a row; None is one that was found earlier today and is gone by now."""
    if collection is None:
        detail = "it was found earlier today, but not when it was to be read"
        run.frontier.finish(run.day, _row(config, visit.url, run, Status.UNREADABLE, detail), fetched=False)
        return
    await _Reading(config, visit, collection, run).read()


class _Reading:
    def __init__(self, config: SourceConfig, visit: Visit, collection: Collection, run: CrawlRun) -> None:
        self._config, self._visit, self._collection, self._run = config, visit, collection, run
        self._log = CollectionLog(run.frontier, run.day, visit)
        self._pending: deque[asyncio.Task[_Outcome]] = deque()
        tally = run.frontier.source_tally(run.day, config.name)
        self._read = tally.get(Status.OK, 0)
        self._done = self._listed = self._missing = self._transient = self._undrained = 0

    async def read(self) -> None:
        """Read the entries, then end the collection's url with its row."""
        known = self._log.known_version()
        try:
            version = await self._collection.version(self._run)
            if known is not None and version == known[0]:
                detail = f"unchanged since it was last read: {known[1]}"
                self._finish(Status.NOT_MODIFIED, detail, None)
                return
            await self._read_entries(known[0] if known else None)
            if self._collection.is_complete:
                self._end_missing()
            again = f", {self._transient} to be asked for again" if self._transient else ""
            detail = self._counted() + self._left_out() + again
            self._finish(Status.COLLECTION, detail, None if self._transient else version or "")
        except Refused as refusal:
            self._finish(refusal.status, "; ".join(filter(None, (refusal.detail, self._counted()))), None)
        finally:
            for task in self._pending:
                task.cancel()
            await asyncio.gather(*self._pending, return_exceptions=True)

    async def _read_entries(self, known_version: str | None) -> None:
        try:
            async for entry in self._collection.entries(self._run, known_version):
                self._listed += 1
                if self._log.has_row(entry.url):
                    continue
                self._pending.append(asyncio.create_task(self._outcome(entry)))
                if len(self._pending) >= self._run.pool.window:
                    await self._commit_next()
        except Refused:
            await self._commit_all()
            raise
        await self._commit_all()

    async def _commit_all(self) -> None:
        while self._pending:
            await self._commit_next()

    async def _commit_next(self) -> None:
        outcome = await self._pending[0]
        self._pending.popleft()
        document = outcome.document
        if document.status == Status.OK and self._config.max_pages is not None:
            self._check_budget(self._config.max_pages)
        if self._log.record(document, outcome.links):
            self._read += document.status == Status.OK
            self._undrained += 1
        self._done += 1
        self._run.report(self._done, max(self._done, self._listed), document.url)
        if self._undrained >= DRAIN_ROWS:
            self._undrained = 0
            self._run.drain(DRAIN_ROWS)

    def _check_budget(self, max_pages: int) -> None:
        if self._read >= max_pages:
            for task in self._pending:
                task.cancel()
            self._pending.clear()
            raise Refused(Status.OVER_BUDGET, f"max_pages = {max_pages} was reached; later nights read the other pages")

    async def _outcome(self, entry: Entry) -> _Outcome:
        if blocking := self._run.blocklist.blocking_entry(entry.url):
            return _Outcome(self._empty(entry.url, Status.BLOCKED, f"blocklist = [..., {blocking!r}, ...]"))
        known = self._run.frontier.known(entry.url)
        if known is not None and entry.version is not None and known.etag == entry.version:
            return self._unchanged(entry, known)
        try:
            content = await entry.read()
            page = await self._extracted(content, entry.url)
        except Refused as refusal:
            self._transient += refusal.transient
            return _Outcome(self._empty(entry.url, refusal.status, refusal.detail))
        page = replace(page, detail="; ".join(filter(None, (page.detail, entry.columns.get("detail")))) or None)
        if entry.resolve is not None:
            page = replace(page, links=_resolved(page, entry.url, entry.resolve))
        headers = content.headers if isinstance(content, RawPage) else {}
        document = self._document(entry, page, declared(entry.url, page.markup, headers, entry.site))
        if known is not None and document.content_sha256 == known.content_sha256:
            return self._unchanged(entry, known)
        return _Outcome(document)

    async def _extracted(self, content: Content, url: str) -> ExtractedPage:
        if isinstance(content, LocalFile):
            page = await self._run.pool.extract_file(content.path, content.media_type, url, redact=self._config.redact)
            if page.status == Status.UNREADABLE:
                raise Refused(page.status, page.detail or "")
            return page
        if isinstance(content, RawPage):
            extract = extract_redacted if self._config.redact else extract_in_time
            return await self._run.pool.page(
                extract, content.body, content.media_type, content.content_type, url, content.layout
            )
        return redacted_page(content) if self._config.redact else content

    def _document(self, entry: Entry, page: ExtractedPage, stated: Declarations) -> Document:
        obeyed = self._config.obey_directives
        page = permitted_page(page, stated, obeyed)
        columns: dict[str, Any] = {"etag": entry.version} | stated.columns(obeyed) | dict(entry.columns)
        columns["license"] = page.license or columns.get("license") or self._config.license
        page = replace(
            page, title=page.title or columns.pop("title", None), lang=page.lang or columns.pop("lang", None)
        )
        columns = {key: value for key, value in columns.items() if key not in ("title", "lang", "detail")}
        return build_document(entry.url, self._run.run_id, page, source=self._config.name, **columns)

    def _unchanged(self, entry: Entry, known: KnownPage) -> _Outcome:
        same = {"doc_id": known.doc_id, "content_sha256": known.content_sha256, "title": known.title}
        return _Outcome(self._empty(entry.url, Status.NOT_MODIFIED, None, etag=entry.version, **same), known.links)

    def _end_missing(self) -> None:
        for url in self._log.missing():
            self._missing += 1
            self._log.record(self._empty(url, Status.GONE, f"{self._visit.url} no longer holds this page"))

    def _counted(self) -> str:
        listed = [f"{count} {status}" for status, count in sorted(self._log.counts().items())]
        return f"pages: {', '.join(listed) or 'none'}"

    def _left_out(self) -> str:
        """Count the listed pages whose url has a row of another collection, or a second place in this one."""
        other = self._listed + self._missing - sum(self._log.counts().values())
        return f", {other} repeated or of another source" if other > 0 else ""

    def _finish(self, status: str, detail: str, version: str | None) -> None:
        self._log.finish(self._empty(self._visit.url, status, detail), version)
        self._run.drain()

    def _empty(self, url: str, status: str, detail: str | None, **columns: Any) -> Document:
        return _row(self._config, url, self._run, status, detail, **columns)


def _resolved(page: ExtractedPage, url: str, resolve: Callable[[str], str]) -> tuple[tuple[str, str], ...]:
    """Return the links with the addresses that they lead to, each once, without those to the page itself."""
    links = dict[str, str]()
    for target, anchor in page.links:
        links.setdefault(resolve(target), anchor)
    links.pop(url, None)
    return tuple(links.items())


def _row(config: SourceConfig, url: str, run: CrawlRun, status: str, detail: str | None, **columns: Any) -> Document:
    return empty_document(url, run.run_id, status, source=config.name, detail=detail, **columns)
