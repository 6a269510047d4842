"""The results that a library gives: hits of a search, windows of a page, matches within it, and why there is none."""

from dataclasses import dataclass


class Blocked(LookupError):
    """The page is on the blocklist, whether the library holds it or not. `url` is its address."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url} may not be read: it is on the list of blocked addresses")
        self.url = url


class NotFound(LookupError):
    """No such page, or no such window of it. The message lists the nearest pages or the valid windows."""


@dataclass(frozen=True)
class Hit:
    """A matching page with its best passage; `score` is the BM25 score of that passage, or its cosine if the dense
    index ranked it higher.

    `more` are sentences of its other matching passages, with the query's words that the best passage lacks.
    """

    doc_id: str
    url: str
    title: str
    passage: str
    score: float
    more: tuple[str, ...] = ()


@dataclass(frozen=True)
class Results:
    """One page of results, and whether another follows."""

    hits: list[Hit]
    more: bool


@dataclass(frozen=True)
class Window:
    """One window of a page, as Markdown; `page` counts from 1."""

    doc_id: str
    url: str
    title: str
    text: str
    page: int
    n_pages: int


@dataclass(frozen=True)
class PageMatch:
    """A passage of one page that matches `find`, and the window that it begins in, from 1."""

    doc_id: str
    url: str
    title: str
    passage: str
    page: int
