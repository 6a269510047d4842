"""The library: a search index over the pages of one snapshot, which the agent's tools read.

It is built once and appears whole (made beside, then renamed), so that many processes and threads can
open it while another builds the next. Passages are what is indexed, not pages: BM25 then answers with
the place that holds the words, and a small model can be given that one passage. What an agent types is
taken as words: no query syntax exists that could fail, and addresses may be a little wrong.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tantivy

from sources.blocklist import NOTHING_BLOCKED, Blocklist
from sources.index import index_writer as shelving
from sources.index.index_writer import ANALYZER, FIELDS, Page, analyzer, clean, tail_key, title_key, url_key
from sources.index.passage_splitter import normalised, passages, sentences

__all__ = ["Blocked", "Found", "Hit", "Library", "NotFound", "Page", "Window", "windows"]

WINDOW_CHARS = 4_000
"""Most characters of a page that one `open` shows."""
QUERY_WORDS = 48
"""Words of a query that are searched for; the rest is cut."""
FOUND = 5
"""Most passages that `find` returns."""
PER_PAGE = 4
"""Passages looked at for each page asked for, since a page can win several places."""


class Blocked(LookupError):
    """The page may not be read, whether it is here or not; `url` is its address, the message says so."""

    def __init__(self, url: str) -> None:
        super().__init__(f"{url} may not be read: it is on the list of blocked addresses")
        self.url = url


class NotFound(LookupError):
    """There is no such page, or no such window of it; the message says what there is instead."""


@dataclass(frozen=True)
class Hit:
    """A page that matched, with its best passage; `score` is BM25 of that passage."""

    doc_id: str
    url: str
    title: str
    passage: str
    score: float


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
class Found:
    """A passage of a page that holds the words sought, and the window that it begins in."""

    doc_id: str
    url: str
    title: str
    passage: str
    page: int


class Library:
    """An open index; safe to share between threads, and any number of processes may open it."""

    def __init__(self, index: Any, blocked: Blocklist = NOTHING_BLOCKED) -> None:
        self._blocked = blocked
        self._schema = index.schema
        self._searcher = index.searcher()

    @staticmethod
    def build(path: Path, pages: Iterable[Page]) -> int:
        """Index the pages into a new directory and return their number; an index that stands is left alone.

        Rows are streamed: memory does not grow with the corpus. Raises OSError when the disk is full.
        """
        if path.exists():
            return Library.open(path).n_pages
        return shelving.build(path, pages)

    @classmethod
    def open(cls, path: Path, blocked: Blocklist = NOTHING_BLOCKED) -> "Library":
        """The index at path, read-only, as if it held nothing blocked; raises NotFound when none was built there."""
        if not (path / "meta.json").exists():
            raise NotFound(f"no library at {path}: build it first")
        index = tantivy.Index.open(str(path))
        index.config_reader("manual")
        index.register_tokenizer(ANALYZER, analyzer())
        return cls(index, blocked)

    @property
    def n_pages(self) -> int:
        """Pages in the library."""
        return int(self._searcher.doc_freq("kind", "page"))

    def search(self, query: str, limit: int = 5) -> list[Hit]:
        """The best pages for the query's words, best first, each with its best passage; any text is a query."""
        found: dict[str, Hit] = {}
        for score, passage in self._passages(query, limit * PER_PAGE):
            hit = Hit(passage["doc_id"], passage["url"], passage["title"], passage["passage"], score)
            found.setdefault(hit.url, hit)
        return list(found.values())[:limit]

    def best_passage(self, query: str) -> Hit | None:
        """The best passage of the whole library, narrowed to its best sentence: all that a small model can use."""
        hit = next(iter(self.search(query, 1)), None)
        return replace(hit, passage=_best_sentence(query, hit.passage)) if hit else None

    def open_page(self, url: str, page: int = 1, window_chars: int = WINDOW_CHARS) -> Window:
        """One window of a page, by address or by title; raises NotFound with the nearest pages there are."""
        stored = self._page(url)
        cut = windows(stored["text"], window_chars)
        if not 1 <= page <= len(cut):
            raise NotFound(f"{stored['url']} has {len(cut)} pages: ask for page 1 to {len(cut)}, not {page}")
        return Window(stored["doc_id"], stored["url"], stored["title"], cut[page - 1], page, len(cut))

    def find(self, url: str, words: str, window_chars: int = WINDOW_CHARS) -> list[Found]:
        """The passages of one page that hold the most of the words, a whole phrase first; [] when none does."""
        stored = self._page(url)
        sought, ends = normalised(words), _ends(windows(stored["text"], window_chars))
        ranked = sorted(
            ((_likeness(sought, passage.text), -i, passage) for i, passage in enumerate(passages(stored["text"]))),
            key=lambda row: row[:2],
            reverse=True,
        )
        best = [passage for likeness, _, passage in ranked[:FOUND] if likeness > 0 and likeness >= ranked[0][0] / 2]
        return [
            Found(stored["doc_id"], stored["url"], stored["title"], passage.text, _window_of(passage.start, ends))
            for passage in best
        ]

    def _page(self, said: str) -> dict[str, str]:
        url = clean(said)
        if self._blocked.blocking_entry(url):
            raise Blocked(url)
        for key in dict.fromkeys((url_key(url), title_key(url), tail_key(url))):
            found = self._searcher.search(self._term("key", key), 2).hits
            if len(found) == 1:
                return self._readable(self._stored(found[0][1]))
        near = ", ".join(hit.url for hit in self.search(re.sub(r"\W+", " ", url), 3))
        raise NotFound(f"no page {url!r} here" + (f"; the nearest are: {near}" if near else ""))

    def _readable(self, page: dict[str, str]) -> dict[str, str]:
        if self._blocked.blocking_entry(page["url"]):
            raise Blocked(page["url"])
        return page

    def _passages(self, query: str, limit: int) -> Iterator[tuple[float, dict[str, str]]]:
        words = dict.fromkeys(analyzer().analyze(clean(query)))
        terms = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(self._term(field, word), boost))
            for word in list(words)[:QUERY_WORDS]
            for field, boost in FIELDS.items()
        ]
        for score, address in self._searcher.search(tantivy.Query.boolean_query(terms), limit).hits:
            passage = self._stored(address)
            if not self._blocked.blocking_entry(passage["url"]):
                yield float(score), passage

    def _stored(self, address: Any) -> dict[str, str]:
        return {name: bytes(values[0]).decode() for name, values in self._searcher.doc(address).to_dict().items()}

    def _term(self, field: str, value: str) -> Any:
        return tantivy.Query.term_query(self._schema, field, value)


def windows(text: str, size: int = WINDOW_CHARS) -> list[str]:
    """The text cut into pieces of at most `size` characters, at line or word ends where they are near."""
    cut: list[str] = []
    while len(text) > size:
        at = max(text.rfind("\n", size * 3 // 4, size), -1) + 1 or text.rfind(" ", size * 3 // 4, size) + 1 or size
        cut.append(text[:at])
        text = text[at:]
    return [*cut, text]


def _likeness(sought: str, passage: str) -> float:
    """1 to 2 for the whole phrase, below 1 for the share of its words."""
    text = normalised(passage)
    words = set(sought.split())
    if not words:
        return 0.0
    share = len(words & set(text.split())) / len(words)
    return share + (f" {sought} " in f" {text} ")


def _best_sentence(query: str, passage: str) -> str:
    sought = set(normalised(query).split())
    found = [sentence for line in passage.split("\n") for sentence in sentences(line)]
    return max(found, key=lambda sentence: (len(sought & set(normalised(sentence).split())), -len(sentence)))


def _ends(cut: list[str]) -> list[int]:
    ends, end = [], 0
    for window in cut:
        end += len(window)
        ends.append(end)
    return ends


def _window_of(start: int, ends: list[int]) -> int:
    return next((i for i, end in enumerate(ends, 1) if start < end), len(ends))
