"""The graph of a corpus, as composers draw from it: pages by name, lists of pages, attributes, tables and words.

It is read once per night from the lake's facts (`warehouse/sql/graph`), in an order that does not depend on threads, so
that the same pages give the same tasks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from flows.domains.search.sets.naming import folded, meant
from sources.graph.titles import title_parts
from sources.index.library import windows

COMMON_SHARE = 0.7
"""Share of a set's pages that must have an attribute; the others are left out, and the question notes it."""


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
    unit: str | None = None
    """The unit that pages write behind the number, the same on all of them; None if they write none."""

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
class Rows:
    """A table with the column that names its rows, a column of numbers, and key -> number."""

    table: Table
    key: str
    column: str
    numbers: dict[str, float]
    pages: dict[str, Page]
    """Key -> the page that the cell names; empty if the cells name none."""


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
    _lists_with: dict[tuple[str, str, str], list[Listed]] = field(default_factory=dict, repr=False)
    """Earlier results of `lists_with`."""

    @cached_property
    def words_of(self) -> dict[str, list[str]]:
        """doc_id -> those of `words` that are on the page, in order."""
        found: dict[str, list[str]] = {doc_id: [] for doc_id in self.pages}
        for word, doc_ids in self.words.items():
            for doc_id in doc_ids & found.keys():
                found[doc_id].append(word)
        return found

    def lists_with(self, attribute: Attribute) -> list[Listed]:
        """The lists of which most pages have the attribute."""
        key = attribute.kind, attribute.label, attribute.shown
        if key not in self._lists_with:
            self._lists_with[key] = [one for one in self.lists if _has(attribute, one)]
        return self._lists_with[key]

    @cached_property
    def keyed(self) -> list[Rows]:
        """Each table by its first column of different texts, once for each column of numbers."""
        return [rows for table in self.tables for rows in self._keyed(table)]

    def _keyed(self, table: Table) -> Iterator[Rows]:
        key = next((at for at in range(len(table.headers)) if _is_key(table, at)), None)
        if key is None:
            return
        names = [folded(row[key].text) for row in table.rows]
        doc_ids = [meant(self.named, row[key].text, None, row[key].link) for row in table.rows]
        pages = {name: self.pages[one] for name, one in zip(names, doc_ids, strict=True) if one}
        for column, header in enumerate(table.headers):
            values = [row[column].value for row in table.rows]
            numbers = {name: float(one) for name, one in zip(names, values, strict=True) if one is not None}
            if column != key and len(numbers) == len(names):
                yield Rows(table, table.headers[key], header, numbers, pages if all(doc_ids) else {})

    @cached_property
    def newest(self) -> datetime:
        """When the newest page was fetched: from then on the same tasks can be made."""
        return max(page.fetched_at for page in self.pages.values())


def _has(attribute: Attribute, one: Listed) -> bool:
    n = sum(page.doc_id in attribute.values for page in one.members)
    return n >= max(3, COMMON_SHARE * len(one.members))


def _is_key(table: Table, at: int) -> bool:
    cells = [row[at] for row in table.rows]
    return all(cell.value is None for cell in cells) and len({folded(cell.text) for cell in cells} - {""}) == len(cells)
