"""The library: a search index over the pages of one snapshot, which the agent's tools read.

It is built once and appears whole (made beside, then renamed), so that many processes and threads can
open it while another builds the next. Passages are what is indexed, not pages: BM25 then answers with
the place that holds the words, and a small model can be given that one passage. What an agent types is
taken as words: no query syntax exists that could fail, and addresses may be a little wrong.
"""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import tantivy

from sources.passages import normalised, passages, sentences

WINDOW_CHARS = 4_000
"""Most characters of a page that one `open` shows."""
WRITER_BYTES = 64_000_000
"""Memory of the index writer; more passages than fit go to disk."""
QUERY_WORDS = 48
"""Words of a query that are searched for; the rest is cut."""
FOUND = 5
"""Most passages that `find` returns."""
ANALYZER = "stemmed"
LONGEST_WORD = 80
FIELDS = {"words": 1.0, "name": 0.5}
"""What a query is compared with, a passage and its page's title, and how much each counts."""
STORED = ("doc_id", "url", "title", "passage", "text")
PER_PAGE = 4
"""Passages looked at for each page asked for, since a page can win several places."""


class NotFound(LookupError):
    """There is no such page, or no such window of it; the message says what there is instead."""


class Page(NamedTuple):
    """A page to be indexed."""

    doc_id: str
    url: str
    title: str | None
    text: str


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

    def __init__(self, index: Any) -> None:
        self._schema = index.schema
        self._index = index
        self._searcher = index.searcher()

    @staticmethod
    def build(path: Path, pages: Iterable[Page]) -> int:
        """Index the pages into a new directory and return their number; an index that stands is left alone.

        Rows are streamed: memory does not grow with the corpus. Raises OSError when the disk is full.
        """
        if path.exists():
            return Library.open(path).n_pages
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        try:
            n = _write(temporary, pages)
            _appear(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return n

    @classmethod
    def open(cls, path: Path) -> "Library":
        """The index at path, read-only; raises NotFound when none was built there."""
        if not (path / "meta.json").exists():
            raise NotFound(f"no library at {path}: build it first")
        index = tantivy.Index.open(str(path))
        index.config_reader("manual")
        index.register_tokenizer(ANALYZER, _analyzer())
        return cls(index)

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

    def _page(self, url: str) -> dict[str, str]:
        for key in dict.fromkeys((_url_key(url), _title_key(url), _tail_key(url))):
            found = self._searcher.search(self._term("key", key), 2).hits
            if len(found) == 1:
                return self._stored(found[0][1])
        near = ", ".join(hit.url for hit in self.search(re.sub(r"\W+", " ", url), 3))
        raise NotFound(f"no page {url!r} here" + (f"; the nearest are: {near}" if near else ""))

    def _passages(self, query: str, limit: int) -> Iterator[tuple[float, dict[str, str]]]:
        words = dict.fromkeys(_analyzer().analyze(_clean(query)))
        terms = [
            (tantivy.Occur.Should, tantivy.Query.boost_query(self._term(field, word), boost))
            for word in list(words)[:QUERY_WORDS]
            for field, boost in FIELDS.items()
        ]
        for score, address in self._searcher.search(tantivy.Query.boolean_query(terms), limit).hits:
            yield float(score), self._stored(address)

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


def _write(path: Path, pages: Iterable[Page]) -> int:
    index = tantivy.Index(_schema(), str(path))
    index.register_tokenizer(ANALYZER, _analyzer())
    writer = index.writer(WRITER_BYTES, 1)
    n = 0
    for page in pages:
        for document in _documents(page):
            writer.add_document(document)
        n += 1
    writer.commit()
    writer.wait_merging_threads()
    return n


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    for name in ("kind", "key"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    for name in FIELDS:
        builder.add_text_field(name, tokenizer_name=ANALYZER, index_option="freq")
    for name in STORED:
        builder.add_bytes_field(name, stored=True)
    return builder.build()


def _analyzer() -> Any:
    words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(tantivy.Filter.remove_long(LONGEST_WORD))
    return words.filter(tantivy.Filter.lowercase()).filter(tantivy.Filter.stemmer("english")).build()


def _documents(page: Page) -> Iterator[Any]:
    page = Page(*(_clean(value or "") for value in page))
    title = page.title or page.url
    stored = {"doc_id": page.doc_id.encode(), "url": page.url.encode(), "title": title.encode()}
    yield tantivy.Document(kind="page", key=_keys(page), text=page.text.encode(), **stored)
    for passage in passages(page.text):
        yield tantivy.Document(words=passage.text, name=title, passage=passage.text.encode(), **stored)


def _keys(page: Page) -> list[str]:
    keys = (_url_key(page.url), _title_key(page.title or ""), _tail_key(page.url))
    return [key for key in dict.fromkeys(keys) if not key.endswith(":")]


def _url_key(url: str) -> str:
    bare = re.sub(r"^[a-z][a-z0-9+.-]*:/*", "", url.strip().strip("<>\"'()[]").lower()).split("#")[0]
    return "url:" + bare.rstrip("/")


def _tail_key(url: str) -> str:
    tail = _url_key(url).rsplit("/", 1)[-1].removeprefix("url:")
    return "tail:" + re.sub(r"\.(?:html?|md|txt)$", "", tail)


def _title_key(title: str) -> str:
    return "title:" + normalised(title)


def _clean(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


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


def _appear(temporary: Path, path: Path) -> None:
    try:
        temporary.rename(path)
    except OSError:
        if not (path / "meta.json").exists():  # else another process was first: its index is as good
            raise


def _sweep(path: Path) -> None:
    """Remove what builders that were killed left beside the index."""
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        if not _alive(int(left.name.split(".")[-2])):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
