"""The rows that go into and come out of the crawl frontier: admitted urls, visits, earlier pages, counts."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from schemas.document import Document
from sources.archive.warc import RecordLocation

SOURCE_OF_KIND = {"page": "web", "sitemap": "web", "file": "folder"}
"""Source by kind of url, for the sources that have one name. Other kinds are `name` or `form@name`."""
FORMS = ("page", "sitemap")

WritePart = Callable[[date, int, list[Document]], object]
"""Writes one part of the lake: day of the run, number of the part, rows."""


def source_of(kind: str) -> str:
    """Return the name of the source whose urls have this kind."""
    return SOURCE_OF_KIND.get(kind) or kind.rpartition("@")[2]


def kinds_of(*sources: str) -> str:
    """Return the kinds of url that these sources admit, as a JSON array."""
    own = [kind for kind, name in SOURCE_OF_KIND.items() if name in sources]
    forms = [f"{form}@{source}" for source in sources for form in FORMS]
    return json.dumps([*own, *sources, *forms])


def kind_of(source: str, form: str) -> str:
    """Return the kind of the urls of this form, `page` or `sitemap`, that a source admits."""
    return form if SOURCE_OF_KIND.get(form) == source else f"{form}@{source}"


@dataclass(frozen=True)
class Admission:
    """A url to put into the frontier, and the link that leads to it."""

    url: str
    host: str
    """queue of the url: its origin, or a name of the source's own for urls without a host"""
    kind: str
    """see `kind_of`; the name of the source if its urls have one form only"""
    depth: int
    """links between a start url and this one"""
    parent: int
    """position of the page with the link; -1 for a start url"""
    place: int
    """index of the link on that page"""
    hops: int = 0
    """redirects followed before this url"""

    def row(self, day: date) -> tuple[object, ...]:
        """The values of the statements that store it."""
        return day.isoformat(), self.url, self.host, self.kind, self.depth, self.hops, self.parent, self.place


@dataclass(frozen=True)
class Visit:
    """An admitted url that is due to be fetched."""

    url: str
    host: str
    kind: str
    depth: int
    hops: int
    position: int
    """place in the run's order of fetching, from 0"""

    @property
    def form(self) -> str:
        """`page` or `sitemap` for a web site's url, else the name of the source."""
        return self.kind.partition("@")[0]


@dataclass(frozen=True)
class InProgress:
    """Urls of a host that a crawl has begun: the others are taken in the order of complete levels."""

    urls: tuple[str, ...] = ()
    """urls in progress, which are not taken again"""
    positions: tuple[int, ...] = ()
    """pages of the level that is being taken: their links and redirects belong to a later one"""
    own_depth: int | None = None
    """depth of these pages; None if there are none"""
    depth: int | None = None
    """depth of the level before, if pages of it are in progress"""
    before: int = 0
    """position of the first such page: its links, and those of pages behind it, are not known yet"""

    def values(self) -> dict[str, object]:
        """Return the values of the statement that takes urls."""
        lists = {"begun": json.dumps(self.urls), "same_level": json.dumps(self.positions)}
        return lists | {"own_depth": self.own_depth, "depth": self.depth, "before": self.before}


NOTHING_BEGUN = InProgress()


@dataclass(frozen=True)
class KnownPage:
    """The newest successful fetch of a url: content hash, cache validators, links, raw response."""

    doc_id: str
    content_sha256: str
    title: str | None
    etag: str | None
    last_modified: str | None
    links: list[str]
    warc_file: str | None = None
    warc_offset: int | None = None
    license: str | None = None
    checked_at: datetime | None = None
    """UTC time of the newest response with this text; None for a page of an earlier version's frontier"""

    @property
    def raw(self) -> RecordLocation | None:
        """The location of the raw response; None if it was not stored."""
        if self.warc_file is None or self.warc_offset is None:
            return None
        return RecordLocation(self.warc_file, self.warc_offset)


@dataclass(frozen=True)
class Changes:
    """Pages of one night by what became of them since the nights before."""

    new: int
    changed: int
    unchanged: int
    gone: int
    """answered with 404 or 410, or deleted from their collection"""
    not_requested: int
    """unchanged pages that were not requested, since their sitemap gives no later change"""


@dataclass(frozen=True)
class Counts:
    """Progress of one run, in urls."""

    admitted: int
    waiting: int
    fetched: int
