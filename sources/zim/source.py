"""The ZIM source: each HTML article of the files becomes a document."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from pydantic import BaseModel

from sources.collections.collection import Content, Entry, RawPage, Refused, refused_entry
from sources.collections.config import SourceConfig
from sources.collections.files import StoredFile, find_files, path_of
from sources.collections.source import CollectionSource
from sources.crawl_run import CrawlRun
from sources.status_codes import Status
from sources.urls import normalise
from sources.zim.archive import ZimArchive, ZimEntry

OF_WEB_PAGES = ("zimit", "warc2zim")
"""Scrapers whose paths are the urls of the copied pages, without scheme."""


class ZimConfig(SourceConfig):
    """The files to read."""

    paths: tuple[Path, ...]
    base_url: str | None = None


def configured(crawl: object, section: BaseModel) -> CollectionSource:
    """Build the source from an entry of `[[crawl.sources]]`."""
    config = ZimConfig.of(section, crawl)
    return CollectionSource(config, partial(_find, config))


def _find(config: ZimConfig) -> list["ZimFile"]:
    return [ZimFile(file, config) for file in find_files(map(str, config.paths), (".zim",), "crawl.sources.paths")]


@dataclass(frozen=True)
class ZimFile:
    """One ZIM file."""

    file: StoredFile
    config: ZimConfig
    is_complete: bool = True

    @property
    def url(self) -> str:
        """The address of the file."""
        return self.file.url

    async def version(self, run: CrawlRun) -> str | None:
        """Size and time of the last change of the file, and the address of its pages."""
        return f"{self.file.present_version()} {self.config.base_url or ''}".rstrip()

    async def entries(self, run: CrawlRun, known_version: str | None) -> AsyncIterator[Entry]:
        """Yield every article and redirect, in the order of the file."""
        archive = ZimArchive(path_of(self.url))
        home = self._home(archive)
        found = {"lang": archive.metadata("Language"), "license": archive.metadata("License")}
        columns = {name: value for name, value in found.items() if value}
        resolve = partial(_resolved, archive, home)
        for entry in archive.entries():
            yield self._entry(archive, entry, home, columns, resolve)

    def count(self) -> int | None:
        """Return the number of articles that the file states; None if it cannot be opened."""
        try:
            return ZimArchive(path_of(self.url)).article_count
        except Refused:
            return None

    def _entry(self, archive: ZimArchive, entry: ZimEntry, home: str, columns: dict[str, Any], resolve: Any) -> Entry:
        url = _page_url(home, entry.path)
        if entry.problem is not None:
            return refused_entry(url, Status.DAMAGED, entry.problem)
        if entry.target is not None:
            return refused_entry(url, Status.REDIRECTED, f"to {_page_url(home, entry.target)}")
        read = partial(_read, archive, entry.index, self.config.max_bytes)
        return Entry(url, read, None, columns | {"title": entry.title}, resolve)

    def _home(self, archive: ZimArchive) -> str:
        """Return the address that a path is appended to."""
        if self.config.base_url:
            return self.config.base_url.rstrip("/") + "/"
        if any(name in (archive.metadata("Scraper") or "").lower() for name in OF_WEB_PAGES):
            return "https://"
        path = path_of(self.url)
        name = archive.metadata("Name") or path.stem
        return f"{path.with_name(quote(name, safe='')).as_uri()}.zim/"


def _page_url(home: str, path: str) -> str:
    url = home + quote(path)
    return normalise(url, within="file:///") or url


def _resolved(archive: ZimArchive, home: str, url: str) -> str:
    """Return the address of the article that a link leads to, over redirects of the file."""
    if not url.startswith(home):
        return url
    target = archive.target(unquote(url.removeprefix(home)))
    return _page_url(home, target) if target else url


async def _read(archive: ZimArchive, index: int, max_bytes: int) -> Content:
    return RawPage(archive.content(index, max_bytes), "text/html")
