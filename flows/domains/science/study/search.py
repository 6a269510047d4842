"""Searches the pages of a study, with the same engine as the library of crawled pages.

The index is in memory and built at the first search: most worlds of a night that composes are never searched.
"""

import re
from collections.abc import Mapping
from functools import cached_property

import tantivy

from flows.domains.science.study.pages import Page

HITS = 6
WORD = re.compile(r"[\w-]+")
SHOWN_CHARS = 220
HEAP_BYTES = 15_000_000


class PageSearch:
    """A full-text index over pages, by BM25."""

    def __init__(self, pages: Mapping[str, Page]) -> None:
        self._pages = pages

    def hits(self, query: str) -> list[Page]:
        """The best pages first; none if no word of the query occurs."""
        words = " ".join(f'"{word}"' for word in WORD.findall(query))
        if not words:
            return []
        wanted, _ = self._index.parse_query_lenient(words, ["title", "text"], {"title": 3.0})
        searcher = self._index.searcher()
        found = [searcher.doc(address)["address"][0] for _, address in searcher.search(wanted, HITS).hits]
        return [self._pages[one] for one in found]

    @cached_property
    def _index(self) -> tantivy.Index:
        builder = tantivy.SchemaBuilder()
        builder.add_text_field("address", stored=True, tokenizer_name="raw")
        for name in ("title", "text"):
            builder.add_text_field(name)
        index = tantivy.Index(builder.build())
        writer = index.writer(HEAP_BYTES, 1)
        for page in self._pages.values():
            writer.add_document(tantivy.Document(address=page.address, title=page.title, text=page.text))
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
        return index


def passage(page: Page, query: str) -> str:
    """The paragraph of a page that holds most words of the query, cut to its first characters."""
    words = {word.casefold() for word in WORD.findall(query)}
    paragraphs = [one for one in page.text.split("\n\n")[1:] if one.strip()]
    best = max(paragraphs, key=lambda one: len(words & {word.casefold() for word in WORD.findall(one)}))
    return best if len(best) <= SHOWN_CHARS else f"{best[:SHOWN_CHARS]}…"
