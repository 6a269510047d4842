"""The graph of a corpus, as composers draw from it: pages by name, lists of pages, attributes, tables and words.

It is read once per night from the lake's facts (`warehouse/sql/graph`), in an order that does not depend on threads, so
that the same pages give the same tasks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from sources.graph.titles import title_parts
from sources.index.library import windows


@dataclass(frozen=True)
class Page:
    """A page; `name` is its title without what all titles of its site share."""

    doc_id: str
    url: str
    title: str
    source: str
    license: str | None
    text: str = field(repr=False)
    fetched_at: datetime
    name: str = ""

    @cached_property
    def corpus(self) -> str:
        """The corpus that the page belongs to: its host, or for files their source."""
        return urlsplit(self.url).netloc or self.source

    @cached_property
    def windows(self) -> list[str]:
        """The parts in which `open` shows it."""
        return windows(self.text)

    @cached_property
    def lower(self) -> str:
        """The text in lower case."""
        return self.text.lower()

    @cached_property
    def names(self) -> list[str]:
        """Texts that mean it in an answer: name, title, address, and the parts of the name."""
        return list(dict.fromkeys([self.name, self.title, self.url, *title_parts(self.name)]))


@dataclass(frozen=True)
class Listed:
    """The pages that the list items under one heading of a page name, in order of their addresses."""

    hub: Page
    heading: str
    members: tuple[Page, ...]
    first_links: bool = False
    """True if items link to several pages: then the first link of each item counts, and no item without a link."""


@dataclass(frozen=True)
class Attribute:
    """A number that pages have, computed from their text alone."""

    kind: str
    """headings, phrase, pair or date (a year)."""
    label: str
    """In lower case; empty for headings."""
    shown: str
    """The label as pages write it."""
    values: dict[str, float] = field(repr=False)
    """doc_id -> value."""

    @property
    def is_year(self) -> bool:
        """True if all values are years: whole numbers from 1000 to 2100."""
        given = self.kind in {"pair", "date"}
        return given and all(one.is_integer() and 1000 <= one <= 2100 for one in self.values.values())


@dataclass(frozen=True)
class Cell:
    """A cell of a table."""

    text: str
    value: float | None
    link: str | None


@dataclass(frozen=True)
class Table:
    """A table that is alone under its heading."""

    page: Page
    heading: str
    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Graph:
    """All that the composers of one night draw from."""

    pages: dict[str, Page]
    """doc_id -> page, in order of addresses."""
    named: dict[str, str]
    """Folded name or address -> doc_id, for names that mean one page."""
    lists: Sequence[Listed]
    attributes: Sequence[Attribute]
    tables: Sequence[Table]
    words: dict[str, frozenset[str]]
    """Word that is on some pages -> doc_ids of those pages, of pages too short for tasks, too."""
    rare: frozenset[str]
    """Words that are on one or two pages."""

    @cached_property
    def words_of(self) -> dict[str, list[str]]:
        """doc_id -> those of `words` that are on the page, in order."""
        found: dict[str, list[str]] = {doc_id: [] for doc_id in self.pages}
        for word, doc_ids in self.words.items():
            for doc_id in doc_ids & found.keys():
                found[doc_id].append(word)
        return found

    @property
    def newest(self) -> datetime:
        """When the newest page was fetched: from then on the same tasks can be made."""
        return max(page.fetched_at for page in self.pages.values())
