"""The protocol of a collection: a file, archive, data set or site that lists its own pages in order.

A collection yields entries; an entry is an address, a version, and a way to read the content. Whatever cannot be
read raises Refused with a reason code: in an entry it costs that page, in the collection it ends the reading.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from sources.crawl_run import CrawlRun
from sources.rights.declarations import EVERY_AGENT, SiteRights
from sources.text.document_builder import ExtractedPage
from sources.text.extract import Layout


class Refused(Exception):
    """A page or collection cannot be read, with the reason code and its explanation in words.

    `transient`: the failure is one of the moment. The collection then keeps its last known version, so that the next
    night asks for the page again.
    """

    def __init__(self, status: str, detail: str, *, transient: bool = False) -> None:
        super().__init__(detail)
        self.status, self.detail, self.transient = str(status), detail, transient


@dataclass(frozen=True)
class RawPage:
    """The bytes of a page, from which a worker process extracts the text."""

    body: bytes
    media_type: str
    content_type: str = ""
    """the whole Content-Type header, if there is one: it may declare a character encoding"""
    layout: Layout = field(default_factory=Layout)
    headers: Mapping[str, str] = field(default_factory=dict)
    """headers of the response that the page came with, by lower-case name, where it came over HTTP"""


@dataclass(frozen=True)
class LocalFile:
    """A file that a worker process reads itself: its bytes would take longer to send than its text."""

    path: Path
    media_type: str


Content = RawPage | LocalFile | ExtractedPage


@dataclass(frozen=True)
class Entry:
    """One page of a collection."""

    url: str
    read: Callable[[], Awaitable[Content]]
    """returns the content; raises Refused (with Status.GONE if the page was deleted)"""
    version: str | None = None
    """an equal version on a later night means an unchanged page, which is not read; None: the text is compared"""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """further columns of the document, such as license, lang, title, last_modified, detail"""
    resolve: Callable[[str], str] | None = None
    """address of the page that a link leads to, for collections with aliases; None: as written"""
    site: SiteRights = EVERY_AGENT
    """statements of the page's site on the use of its pages"""


def refused_entry(url: str, status: str, detail: str) -> Entry:
    """Return an entry whose content is refused: its row holds the reason."""

    async def read() -> Content:
        raise Refused(status, detail)

    return Entry(url, read)


@runtime_checkable
class Countable(Protocol):
    """A collection that has the number of its pages without reading them."""

    def count(self) -> int | None:
        """Return about how many pages it holds; None if that is unknown."""


class Collection(Protocol):
    """A list of pages with a version of its own."""

    @property
    def url(self) -> str:
        """Address of the collection, under which it has a row of its own."""

    @property
    def is_complete(self) -> bool:
        """True if a reading lists every page, so that one that is no longer listed is gone."""

    async def version(self, run: CrawlRun) -> str | None:
        """Return the present version; None if it has none and is always read. Raises Refused."""

    def entries(self, run: CrawlRun, known_version: str | None) -> AsyncIterator[Entry]:
        """Yield the pages in an order that does not change between two readings of the same version.

        `known_version` is that of the last complete reading, for sites that can list the changes since then.
        Raises Refused where the collection cannot be read further; the entries before it are kept.
        """
