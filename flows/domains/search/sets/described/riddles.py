"""The intersection: pages that are fixed by words that they alone have together, without a name.

Each word is on several pages, so that no single search finds the page; the question wants a derived fact of all
of them, or for their names.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.domains.contract import Refused
from flows.domains.search.sets.draws import Draw, windows_of
from flows.domains.search.sets.graph import Graph, Page
from flows.domains.search.sets.question import Question, Truth
from flows.domains.search.sets.recount import has_words, value_of
from flows.domains.search.sets.wording import joined, say, say_attribute

WORDS = (3, 4, 5)
PAGES = range(3, 9)
"""Pages that one question describes."""
TRIES, WORD_TRIES = 20, 10
MARKS = "abcdefgh"


@dataclass(frozen=True)
class Riddle:
    """A page, the words that it alone has together, and the pages that have all of them but one."""

    page: Page
    words: tuple[str, ...]
    near: tuple[Page, ...]


def intersection(draw: Draw) -> Question:
    """Several riddles; wants the pages, or for the sum of an attribute over them."""
    attribute = next(one for one in draw.graph.attributes if one.kind == "headings")
    riddles = _riddles(draw, [key for key in draw.graph.pages if key in attribute.values])
    pages = tuple(one.page for one in riddles)
    described = [
        say(draw.dice, "described", mark=mark, words=joined([f"“{word}”" for word in one.words]))
        for mark, one in zip(MARKS, riddles, strict=False)
    ]
    named = draw.dice.random() < 1 / 3
    asked = say(draw.dice, "names") if named else say(draw.dice, "total", attribute=say_attribute(draw.dice, attribute))
    ending = say(draw.dice, "titles" if named else "number")

    def again() -> Truth:
        found = [_found(draw.graph, one) for one in riddles]
        return tuple(sorted(found, key=_url)) if named else sum(value_of(attribute, page) for page in found)

    reads = list(dict.fromkeys([*pages, *(page for one in riddles for page in one.near)]))
    return Question(
        sentences=(say(draw.dice, "intersection", pages=joined(described)), asked, ending),
        truth=tuple(sorted(pages, key=_url)) if named else sum(attribute.values[page.doc_id] for page in pages),
        reads=tuple(reads),
        again=again,
        clauses=tuple(" ".join(one.words) for one in riddles),
        attributes=() if named else (attribute,),
        asked=pages,
        line=("intersection", *sorted(" ".join(one.words) for one in riddles)),
    )


def _riddles(draw: Draw, doc_ids: Sequence[str]) -> list[Riddle]:
    """Riddles whose pages and near misses take enough reading. Raises Refused."""
    found: list[Riddle] = []
    for _ in range(TRIES):
        page = draw.graph.pages[draw.dice.choice(doc_ids)]
        riddle = _riddle(draw, page)
        if riddle and page not in [one.page for one in found] and _reads([*found, riddle]) < draw.reads.stop:
            found.append(riddle)
        if len(found) in PAGES and _reads(found) >= draw.reads.start:
            return found
    raise Refused("no_riddles")


def _riddle(draw: Draw, page: Page) -> Riddle | None:
    """Words of the page's text that it alone has together, none of its title; None if a few tries find none."""
    graph = draw.graph
    usable = [
        word for word in graph.words_of[page.doc_id] if word not in page.name.lower() and word not in page.url.lower()
    ]
    for _ in range(WORD_TRIES if len(usable) >= WORDS[-1] else 0):
        chosen = tuple(sorted(draw.dice.sample(usable, draw.dice.choice(WORDS))))
        alone = _all_have(graph, chosen) == {page.doc_id} and has_words(chosen, page)
        if alone and draw.searches.finds_late(" ".join(chosen), page.url):
            near = {key for one in chosen for key in _all_have(graph, [other for other in chosen if other != one])}
            others = sorted((graph.pages[key] for key in near & graph.pages.keys() - {page.doc_id}), key=_url)
            return Riddle(page, chosen, tuple(others))
    return None


def _all_have(graph: Graph, words: Sequence[str]) -> frozenset[str]:
    """The pages that have all of the words."""
    return frozenset.intersection(*(graph.words[word] for word in words))


def _reads(riddles: Sequence[Riddle]) -> int:
    return windows_of(list(dict.fromkeys(page for one in riddles for page in (one.page, *one.near))))


def _found(graph: Graph, riddle: Riddle) -> Page:
    found = [page for page in graph.pages.values() if has_words(riddle.words, page)]
    if found != [riddle.page]:
        raise LookupError(f"{len(found)} pages have the words {riddle.words}")
    return found[0]


def _url(page: Page) -> str:
    return page.url
