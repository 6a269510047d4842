"""Measures the library beside tantivy bare: pages indexed a second, and milliseconds a search.

The pages are the modules of Python's standard library. Bare tantivy indexes each as one document in English, with
title and text stored; the library cuts them into passages and keeps the keys of addresses. The queries are words drawn
from the pages by seed, an eighth of them with a typing error; both sides answer the same ones in turn. The dense index
takes the model that its package ships; its searches are those of the library with it, by words and by meaning.
"""

import random
import re
import statistics
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tantivy

from sources.index.dense.build import build_dense
from sources.index.dense.dense_index import DenseIndex
from sources.index.dense.embedder import EmbedderChoice
from sources.index.library import Library, Page
from tests.benchmarks.figure import Figure

FIGURES = tuple(
    f"library.{name}"
    for name in ("build_pages_per_s", "search_ms", "typo_search_ms", "dense_passages_per_s", "dense_search_ms")
)
HITS, QUERY_WORDS = 5, 4


@dataclass(frozen=True)
class Size:
    """Pages (None: all), and queries."""

    pages: int | None
    queries: int


FULL, SMOKE = Size(None, 400), Size(60, 16)


class Bare:
    """Tantivy with its own defaults, as a script of ten lines would use it."""

    def __init__(self, folder: Path, pages: list[Page]) -> None:
        schema = tantivy.SchemaBuilder()
        for name in ("title", "text"):
            schema.add_text_field(name, stored=True, tokenizer_name="en_stem")
        self._index = tantivy.Index(schema.build(), str(folder))
        writer = self._index.writer(num_threads=1)
        for page in pages:
            writer.add_document(tantivy.Document(title=page.title or "", text=page.text))
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def search(self, query: str) -> list[object]:
        """The stored pages of the best hits."""
        hits = self._searcher.search(self._index.parse_query(query, ["title", "text"]), HITS).hits
        return [self._searcher.doc(address) for _, address in hits]


def figures(size: Size) -> Iterator[Figure]:
    """Throughput of a build, and the median times of plain and of misspelled queries."""
    pages, dice = _pages(size.pages), random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "bare").mkdir()
        started = time.perf_counter()
        bare = Bare(Path(folder) / "bare", pages)
        between = time.perf_counter()
        Library.build(Path(folder) / "own", pages)
        rates = [len(pages) / seconds for seconds in (between - started, time.perf_counter() - between)]
        yield Figure("library.build_pages_per_s", round(rates[1]), "pages/s", f"tantivy bare {rates[0]:.0f} pages/s")
        library = Library.open(Path(folder) / "own")
        plain = [_query(dice, pages) for _ in range(size.queries)]
        typed = [_misspelled(dice, query) for query in plain[: size.queries // 8]]
        for name, queries in (("search_ms", plain), ("typo_search_ms", typed)):
            own, other = _median_ms(library.search, queries), _median_ms(bare.search, queries)
            yield Figure(f"library.{name}", round(own, 3), "ms", f"tantivy bare {other:.3f} ms, {len(pages)} pages")
        yield from _dense(Path(folder), plain)


def _dense(folder: Path, queries: list[str]) -> Iterator[Figure]:
    """Passages that are embedded a second, and the median time of a search with the dense index beside one without."""
    choice = EmbedderChoice()
    choice.open()
    started = time.perf_counter()
    path = build_dense(folder / "own", folder / "dense", choice, lambda note: None)
    seconds = time.perf_counter() - started
    dense = DenseIndex.open(path, choice)
    n = dense.n_passages
    yield Figure("library.dense_passages_per_s", round(n / seconds), "passages/s", f"{n} passages, one process")
    plain, both = Library.open(folder / "own"), Library.open(folder / "own", dense=dense)
    own, other = _median_ms(both.search, queries), _median_ms(plain.search, queries)
    yield Figure("library.dense_search_ms", round(own, 3), "ms", f"by words alone {other:.3f} ms, {n} passages")


def _pages(n: int | None) -> list[Page]:
    root = Path(sysconfig.get_path("stdlib"))
    files = sorted(path for path in root.rglob("*.py") if "site-packages" not in path.parts)[:n]
    names = [str(path.relative_to(root)) for path in files]
    texts = [path.read_text("utf-8", errors="replace") for path in files]
    return [Page(name, f"http://stdlib/{name}", name, text) for name, text in zip(names, texts, strict=True)]


def _query(dice: random.Random, pages: list[Page]) -> str:
    words = re.findall(r"[a-z]{4,12}", dice.choice(pages).text) or ["module"]
    return " ".join(dice.choice(words) for _ in range(QUERY_WORDS))


def _misspelled(dice: random.Random, query: str) -> str:
    at = dice.randrange(1, len(query) - 1)
    return f"{query[:at]}q{query[at + 1 :]}"


def _median_ms(search: Callable[[str], object], queries: list[str]) -> float:
    times = []
    for query in queries:
        started = time.perf_counter()
        search(query)
        times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)
