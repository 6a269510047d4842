"""A wiki's XML dump: every page of the chosen namespaces, converted only if its revision is a new one."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from sources.collections.collection import Content, Entry, Refused
from sources.collections.files import StoredFile
from sources.crawl_run import CrawlRun
from sources.mediawiki.dump import DumpBroken, DumpPage, DumpReader, DumpSite
from sources.mediawiki.source_page import source_page
from sources.status_codes import Status

WIKITEXT = "wikitext"


@dataclass(frozen=True)
class DumpCollection:
    """The pages of one dump file."""

    file: StoredFile
    namespaces: tuple[int, ...] | None
    """None: articles only"""
    is_complete: bool = True

    @property
    def url(self) -> str:
        """Address of the dump."""
        return self.file.url

    async def version(self, run: CrawlRun) -> str | None:
        """Return size and time of the last change of the file, and the namespaces. Raises Refused."""
        names = "" if self.namespaces is None else ",".join(map(str, self.namespaces))
        return f"{self.file.present_version()} {names}".strip()

    async def entries(self, run: CrawlRun, known_version: str | None) -> AsyncIterator[Entry]:
        """Yield the pages in the order of the file. Raises Refused where it is cut off or damaged."""
        reader = DumpReader(self.file)
        wanted = frozenset(self.namespaces or (0,))
        try:
            for page in reader.pages():
                if page.namespace in wanted and (entry := _entry(run, reader.site, page)):
                    yield entry
        except DumpBroken as error:
            raise Refused(Status.TRUNCATED, str(error)) from error


def _entry(run: CrawlRun, site: DumpSite, page: DumpPage) -> Entry | None:
    url = site.addresses.of(page.title)
    if url is None:
        return None
    columns: dict[str, Any] = {"lang": site.lang, "title": page.title, "last_modified": page.timestamp}
    return Entry(url, partial(_read, run, site, page, url), str(page.revision), columns)


async def _read(run: CrawlRun, site: DumpSite, page: DumpPage, url: str) -> Content:
    """Convert the page's wikitext in a worker process. Raises Refused."""
    if page.redirect is not None:
        raise Refused(Status.REDIRECTED, f"to {site.addresses.of(page.redirect) or 'another wiki'}")
    if page.text is None:
        raise Refused(Status.GONE, "the wiki has hidden the text of this revision")
    if page.model != WIKITEXT:
        raise Refused(Status.CONTENT_TYPE, f"the content model {page.model} is no text to read")
    return await run.pool.page(source_page, page.text, page.title, site.lang, site.addresses, url)
