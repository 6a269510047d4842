"""Measures how faithful the text of pages is: which share of their headings, links, code and tables the Markdown keeps.

The pages are random ones of the real documentation of Python, SQLite, PostgreSQL and Node, of the further manuals that
are unpacked, and a sample whose boilerplate is labelled by hand. Trafilatura and resiliparse extract the same pages
beside ours.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from lxml.html import HtmlElement

from sources.text.extract import Layout, extract
from tests.benchmarks.crawl.documentation import Manual, manuals
from tests.benchmarks.crawl.labelled import Labelled, labelled_pages, words
from tests.benchmarks.crawl.units import KINDS, kept, page, rendered, units
from tests.benchmarks.figure import Figure

FIGURES = (*(f"crawl.{kind}" for kind in KINDS), "crawl.boilerplate", "crawl.content", "crawl.extraction_ms")

Extract = Callable[[str, str], str]
"""(html, url) → Markdown, or HTML where the extractor writes no Markdown"""


@dataclass(frozen=True)
class Size:
    """Pages of each manual; without any, the labelled pages are counted in their place."""

    pages: int


FULL, SMOKE = Size(40), Size(0)


@dataclass(frozen=True)
class Source:
    """A page: its html and url, and the elements that hold its content."""

    manual: str
    html: str
    url: str
    contents: list[HtmlElement]


@dataclass
class Score:
    """Units of all pages and those that were found again, by (manual, kind); CPU seconds."""

    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    total: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: float = 0.0

    def shares(self, kind: str) -> dict[str, float]:
        """The share of a kind that is kept, by manual; a manual without any is left out."""
        return {
            name: self.found[name, kind] / n for (name, other), n in sorted(self.total.items()) if other == kind and n
        }


def figures(size: Size) -> Iterator[Figure]:
    """The smallest share of the manuals for each kind of unit, and the share of boilerplate in labelled pages."""
    sample = list(labelled_pages())
    sources = [source for manual in manuals() for source in _manual(manual, size)] or [*map(_labelled, sample)]
    scores = {name: _score(make, sources) for name, make in EXTRACTORS.items()}
    for kind in KINDS:
        yield Figure(f"crawl.{kind}", _least(scores["ours"], kind), "share kept", _beside(scores, kind))
    for name, measure in (("boilerplate", _boilerplate), ("content", _content)):
        values = {extractor: round(measure(make, sample), 3) for extractor, make in EXTRACTORS.items()}
        yield Figure(f"crawl.{name}", values.pop("ours"), "share of characters", f"{values} on {len(sample)} pages")
    per_page = {name: round(1_000 * score.seconds / len(sources), 1) for name, score in scores.items()}
    yield Figure("crawl.extraction_ms", per_page.pop("ours"), "CPU ms a page", str(per_page))


def _ours(text: str, url: str) -> str:
    return extract(text.encode(), "text/html", "text/html; charset=utf-8", url, Layout()).text


def _trafilatura(text: str, url: str) -> str:
    import trafilatura

    more = {"include_links": True, "include_tables": True, "include_formatting": True, "favor_recall": True}
    return trafilatura.extract(text, url=url, output_format="markdown", **more) or ""


def _resiliparse(text: str, url: str) -> str:
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(text, preserve_formatting="minimal_html", main_content=True, links=True))


EXTRACTORS: dict[str, Extract] = {"ours": _ours, "trafilatura": _trafilatura, "resiliparse": _resiliparse}


def _manual(manual: Manual, size: Size) -> Iterator[Source]:
    for path in manual.pages(size.pages) if size.pages else ():
        text = path.read_text("utf-8", "replace")
        yield Source(manual.name, text, manual.url(path), list(manual.contents(text)))


def _labelled(one: Labelled) -> Source:
    return Source("labelled", one.html, one.url, [one.content])


def _score(make: Extract, sources: list[Source]) -> Score:
    score = Score()
    for source in sources:
        started = time.process_time()
        text = make(source.html, source.url)
        score.seconds += time.process_time() - started
        found = units(_tree(make, text), source.url)
        for content in source.contents:
            for kind, counted in units(content, source.url).items():
                score.total[source.manual, kind] += counted.total()
                score.found[source.manual, kind] += kept(counted, found[kind], kind)
    return score


def _tree(make: Extract, text: str) -> HtmlElement:
    return page(f"<html><body>{text}</body></html>") if make is _resiliparse else rendered(text)


def _least(score: Score, kind: str) -> float:
    return round(min(score.shares(kind).values()), 3)


def _beside(scores: dict[str, Score], kind: str) -> str:
    """The shares of each manual, and those of the other extractors."""
    shown = (
        f"{name} {', '.join(f'{manual} {share:.3f}' for manual, share in score.shares(kind).items())}"
        for name, score in scores.items()
    )
    return "; ".join(shown)


def _boilerplate(make: Extract, sample: list[Labelled]) -> float:
    """The share of the characters of all texts that is labelled as boilerplate."""
    found = total = 0
    for one in sample:
        text = words(_plain(make, one))
        total += len(text)
        found += sum(len(piece) for piece in one.boilerplate_words if piece in text and not _in_content(piece, one))
    return found / total


def _content(make: Extract, sample: list[Labelled]) -> float:
    """The share of the characters of the content that is found again."""
    found = total = 0
    for one in sample:
        text = words(_plain(make, one))
        total += sum(map(len, one.content_words))
        found += sum(len(piece) for piece in one.content_words if piece in text)
    return found / total


def _in_content(piece: str, one: Labelled) -> bool:
    return any(piece in other for other in one.content_words)


def _plain(make: Extract, one: Labelled) -> str:
    return str(_tree(make, make(one.html, one.url)).text_content())
