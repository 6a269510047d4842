"""The library: a full-text search index (BM25) over the pages of one snapshot, for the agent's search tools.

With a dense index (`dense/`), pages that match by meaning are fused into the ranking.

It is built in a temporary directory and renamed, so that many processes and threads can read it while another
one builds the next. Passages are indexed, not pages, so that a result shows the matching place, short enough
for a small model. A query is a list of words without syntax, so no query is an error; addresses may be inexact, and
words that stand on no page match those that are spelled nearly so.
"""

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tantivy

from sources.blocklist import NOTHING_BLOCKED, Blocklist
from sources.index.index_writer import (
    ANALYZER,
    FIELDS,
    Page,
    analyzer,
    clean,
    tail_key,
    title_key,
    url_key,
    write_index,
)
from sources.index.passage_splitter import passages
from sources.index.results import Blocked, Hit, NotFound, PageMatch, Results, Window
from sources.index.scripts import comparable_words, queried
from sources.index.snippets import best_sentence, match_score, missing_words_shown, words_of

if TYPE_CHECKING:
    from sources.index.dense.dense_index import DenseIndex

__all__ = ["Blocked", "Hit", "Library", "NotFound", "Page", "PageMatch", "Results", "Window", "windows"]

WINDOW_CHARS = 4_000
"""Maximum characters of a page in one window."""
QUERY_WORDS = 48
"""Maximum words of a query; further words are ignored."""
MAX_MATCHES = 5
"""Maximum passages that `find` returns."""
PER_PAGE = 4
"""Passages ranked at first per requested page, since several passages of one page can match."""
MOST_PASSAGES = 20_000
"""Passages ranked at most; a page whose best passage comes later is not found."""
KEPT_PASSAGES = 4_096
"""Passages kept in memory, some 5 MB: queries of one attempt and of attempts over one corpus match the same ones."""
FUZZY_WORDS, FUZZY_BOOST = 4, 0.5
"""Unknown words of a query that are matched approximately, and the weight of such a match."""
FUZZY_LENGTHS = ((9, 2), (4, 1))
"""Length of a word -> typing errors allowed in it, the longest first; shorter words must match exactly."""


class Library:
    """An open index, safe to share between threads. Any number of processes may open the same index."""

    def __init__(self, index: Any, blocked: Blocklist = NOTHING_BLOCKED, dense: "DenseIndex | None" = None) -> None:
        self._blocked, self._dense = blocked, dense
        self._schema = index.schema
        self._searcher = index.searcher()
        self._analyzer = analyzer()
        self._passage = lru_cache(KEPT_PASSAGES)(self._read_passage)

    @staticmethod
    def build(path: Path, pages: Iterable[Page]) -> int:
        """Index the pages into a new directory and return their number; an existing index is not rebuilt.

        Pages are streamed: memory does not grow with the corpus. Raises OSError if the disk is full.
        """
        if path.exists():
            return Library.open(path).n_pages
        return write_index(path, pages)

    @classmethod
    def open(cls, path: Path, blocked: Blocklist = NOTHING_BLOCKED, dense: "DenseIndex | None" = None) -> "Library":
        """Open the index at `path` read-only, with blocked pages hidden. Raises NotFound if there is none.

        With the dense index of the same library, searches find pages by their meaning, too; they then raise
        EmbedderError where a query cannot be embedded.
        """
        if not (path / "meta.json").exists():
            raise NotFound(f"no library at {path}: build it first")
        index = tantivy.Index.open(str(path))
        index.config_reader("manual")
        index.register_tokenizer(ANALYZER, analyzer())
        return cls(index, blocked, dense)

    @property
    def n_pages(self) -> int:
        """Number of pages in the library."""
        return int(self._searcher.doc_freq("kind", "page"))

    def search(self, query: str, limit: int = 5) -> list[Hit]:
        """Return the best pages for the words of any text, best first, each with its best passage alone."""
        if self._dense:
            return [hits[0] for hits in self._ranked(query, limit)[:limit]]
        best = dict[str, Hit]()
        for found in self._rounds(query, limit):
            for hit in self._hits(found):
                best.setdefault(hit.url, hit)
                if len(best) == limit:
                    return list(best.values())
        return list(best.values())

    def results(self, query: str, limit: int = 5, page: int = 1) -> Results:
        """Return page `page` of the results for a query, from 1, each page with `limit` pages of the library."""
        wanted, words = limit * page, words_of(query)
        ranked = self._ranked(query, wanted + 1)
        return Results(
            [_with_more(of_page, words) for of_page in ranked[wanted - limit : wanted]], len(ranked) > wanted
        )

    def best_passage(self, query: str) -> Hit | None:
        """Return the best passage of the library, cut to its best sentence for small models; None without a match."""
        hit = next(iter(self.search(query, 1)), None)
        return replace(hit, passage=best_sentence(query, hit.passage)) if hit else None

    def open_page(self, url: str, page: int = 1, window_chars: int = WINDOW_CHARS) -> Window:
        """Return one window (from 1) of a page, found by address or title. Raises Blocked, or NotFound."""
        stored = self._page(url)
        cut = windows(stored["text"], window_chars)
        if not 1 <= page <= len(cut):
            raise NotFound(f"{stored['url']} has {len(cut)} pages: ask for page 1 to {len(cut)}, not {page}")
        return Window(stored["doc_id"], stored["url"], stored["title"], cut[page - 1], page, len(cut))

    def find(self, url: str, words: str, window_chars: int = WINDOW_CHARS) -> list[PageMatch]:
        """Return the passages of one page that hold most of the words, a whole phrase first; [] if none does."""
        stored = self._page(url)
        phrase, ends = comparable_words(words), _ends(windows(stored["text"], window_chars))
        ranked = sorted(
            ((match_score(phrase, passage.text), -i, passage) for i, passage in enumerate(passages(stored["text"]))),
            key=lambda row: row[:2],
            reverse=True,
        )
        best = [passage for score, _, passage in ranked[:MAX_MATCHES] if score > 0 and score >= ranked[0][0] / 2]
        return [
            PageMatch(stored["doc_id"], stored["url"], stored["title"], passage.text, _window_of(passage.start, ends))
            for passage in best
        ]

    def _page(self, address: str) -> dict[str, str]:
        url = clean(address)
        if self._blocked.blocking_entry(url):
            raise Blocked(url)
        for key in dict.fromkeys((url_key(url), title_key(url), tail_key(url))):
            hits = self._searcher.search(self._term("key", key), 2, count=False).hits
            if len(hits) == 1:
                return self._readable(self._stored(hits[0][1]))
        near = ", ".join(hit.url for hit in self.search(re.sub(r"\W+", " ", url), 3))
        raise NotFound(f"no page {url!r} here" + (f"; the nearest are: {near}" if near else ""))

    def _readable(self, page: dict[str, str]) -> dict[str, str]:
        if self._blocked.blocking_entry(page["url"]):
            raise Blocked(page["url"])
        return page

    def _ranked(self, query: str, wanted: int) -> list[list[Hit]]:
        """The matching passages of at least so many pages, if so many match; best page and best passage first."""
        if self._dense is None:
            return self._by_words(query, wanted)
        from sources.index.dense.fusion import DEPTH, fused

        return fused(self._by_words(query, max(wanted, DEPTH)), self._by_meaning(self._dense, query, DEPTH))

    def _by_meaning(self, dense: "DenseIndex", query: str, wanted: int) -> list[list[Hit]]:
        """The passages nearest to the query, of so many pages at most; none for a query without a word."""
        if not self._analyzer.analyze(queried(clean(query))):
            return []
        nearest = dense.nearest(clean(query), wanted * PER_PAGE)
        ranked = dict[str, list[Hit]]()
        for hit in self._hits((score, tantivy.DocAddress(*address)) for score, address in nearest):
            ranked.setdefault(hit.url, []).append(hit)
        return list(ranked.values())[:wanted]

    def _by_words(self, query: str, wanted: int) -> list[list[Hit]]:
        ranked = dict[str, list[Hit]]()
        for found in self._rounds(query, wanted):
            for hit in self._hits(found):
                ranked.setdefault(hit.url, []).append(hit)
            if len(ranked) >= wanted:
                break
        return list(ranked.values())

    def _rounds(self, query: str, wanted: int) -> Iterator[list[tuple[float, Any]]]:
        """(score, address) of the matching passages, the best first: some for so many pages, then ever more."""
        terms, n, read = self._terms(query), wanted * PER_PAGE, 0
        while n <= MOST_PASSAGES:
            found = self._searcher.search(terms, n, count=False).hits
            yield found[read:]
            if len(found) < n:
                return
            read, n = n, 4 * n

    def _hits(self, found: Iterable[tuple[float, Any]]) -> Iterator[Hit]:
        """The passages found that may be read, in their order."""
        for score, address in found:
            doc_id, url, title, passage = self._passage(address.segment_ord, address.doc)
            if not self._blocked.blocking_entry(url):
                yield Hit(doc_id, url, title, passage, float(score))

    def _terms(self, query: str) -> Any:
        """The query of all words, those that stand on no page by their nearest spellings."""
        words = list(dict.fromkeys(self._analyzer.analyze(queried(clean(query)))))[:QUERY_WORDS]
        unknown = [word for word in words if not any(self._searcher.doc_freq(field, word) for field in FIELDS)]
        terms = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(self._term(field, word), boost))
            for word in words
            for field, boost in FIELDS.items()
        ]
        fuzzy = [term for word in unknown[:FUZZY_WORDS] for term in self._nearly(word)]
        return tantivy.Query.boolean_query(terms + fuzzy)

    def _nearly(self, word: str) -> list[tuple[Any, Any]]:
        errors = next((errors for length, errors in FUZZY_LENGTHS if len(word) >= length), 0)
        if not errors or not word.isalpha():
            return []
        near = tantivy.Query.fuzzy_term_query(self._schema, "words", word, errors)
        return [(tantivy.Occur.Should, tantivy.Query.boost_query(near, FUZZY_BOOST))]

    def _read_passage(self, segment: int, doc: int) -> tuple[str, str, str, str]:
        stored = self._stored(tantivy.DocAddress(segment, doc))
        return stored["doc_id"], stored["url"], stored["title"], stored["passage"]

    def _stored(self, address: Any) -> dict[str, str]:
        return {name: bytes(values[0]).decode() for name, values in self._searcher.doc(address).to_dict().items()}

    def _term(self, field: str, value: str) -> Any:
        return tantivy.Query.term_query(self._schema, field, value)


def windows(text: str, size: int = WINDOW_CHARS) -> list[str]:
    """Cut a text into pieces of at most `size` characters, at the ends of lines or words where these are near."""
    cut: list[str] = []
    while len(text) > size:
        at = max(text.rfind("\n", size * 3 // 4, size), -1) + 1 or text.rfind(" ", size * 3 // 4, size) + 1 or size
        cut.append(text[:at])
        text = text[at:]
    return [*cut, text]


def _with_more(hits: list[Hit], words: Set[str]) -> Hit:
    """The best passage of a page, with sentences of its other passages that hold further words of the query."""
    shown = f"{hits[0].title} {hits[0].passage}"
    return replace(hits[0], more=missing_words_shown(shown, (hit.passage for hit in hits[1:]), words))


def _ends(cut: list[str]) -> list[int]:
    ends, end = [], 0
    for window in cut:
        end += len(window)
        ends.append(end)
    return ends


def _window_of(start: int, ends: list[int]) -> int:
    return next((i for i, end in enumerate(ends, 1) if start < end), len(ends))
