"""Questions over all pages that mention two things: sets that no page lists, and that an agent gathers by searching.

Both words are on many pages; the pages with both are found by turning the pages of searches, and each must be read.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from flows.domains.contract import Refused
from flows.domains.search.sets.conditions import draw_condition
from flows.domains.search.sets.draws import TRIES, Draw, windows_of
from flows.domains.search.sets.graph import Attribute, Page
from flows.domains.search.sets.question import Question, Truth
from flows.domains.search.sets.recount import has_words, value_of
from flows.domains.search.sets.searches import PAGED_HITS
from flows.domains.search.sets.wording import joined, say, say_attribute

PAGES = range(3, 21)
"""Pages of one set."""
MARKS = "abcd"
MOST_NAMED = 14
SECOND_WORDS = 8
"""Words tried beside each first word."""
Asked = tuple[tuple[str, ...], Truth, Callable[[Sequence[Page]], Truth]]
"""The last sentences, the truth, and its computation from the texts of the pages of the sets."""


@dataclass(frozen=True)
class Gathered:
    """Two words and the pages whose texts have both, in order of their addresses."""

    words: tuple[str, str]
    pages: tuple[Page, ...]


def mentions(draw: Draw) -> Question:
    """The extreme page, the selected pages, or the sum of an attribute over two to four such sets. Raises Refused."""
    sets = _sets(draw)
    pages = _together(sets)
    attribute = draw.quantity(pages)
    ask = draw.dice.choice((_extreme, _selected, _total))
    ending, truth, recomputed = ask(draw, attribute, pages)
    described = [
        say(draw.dice, "with_both", mark=mark, first=one.words[0], second=one.words[1])
        for mark, one in zip(MARKS, sets, strict=False)
    ]

    def again() -> Truth:
        every = draw.graph.pages.values()
        return recomputed([page for page in every if any(has_words(one.words, page) for one in sets)])

    return Question(
        sentences=(say(draw.dice, "mentions", sets=joined(described)), *ending),
        truth=truth,
        reads=pages,
        again=again,
        clauses=tuple(" ".join(one.words) for one in sets),
        attributes=(attribute,),
        asked=pages,
        line=("mentions", *sorted(" ".join(sorted(one.words)) for one in sets)),
        gathered=tuple(one.pages for one in sets),
    )


def _sets(draw: Draw) -> list[Gathered]:
    """Sets of different words that together take enough reading. Raises Refused."""
    chosen: list[Gathered] = []
    for one in _drawn(draw):
        known = {word for have in chosen for word in have.words}
        enough = windows_of(one.pages) >= draw.reads.start / len(MARKS)
        if enough and known.isdisjoint(one.words) and _fits(draw, [*chosen, one]) and _is_gathered(draw, one):
            chosen.append(one)
        if len(chosen) > 1 and windows_of(_together(chosen)) >= draw.reads.start:
            return chosen
        if len(chosen) == len(MARKS):
            break
    raise Refused("no_mentions")


def _drawn(draw: Draw) -> Iterator[Gathered]:
    """Pairs of words that are together on a few pages, link addresses included; none on pages too short for tasks."""
    graph, known = draw.graph, sorted(draw.graph.words)
    for _ in range(TRIES if known else 0):
        first = draw.dice.choice(known)
        near = graph.words_of.get(draw.dice.choice(sorted(graph.words[first])), [])
        for second in draw.dice.sample(near, min(len(near), SECOND_WORDS)):
            doc_ids = graph.words[first] & graph.words[second]
            if first != second and len(doc_ids) in PAGES and doc_ids <= graph.pages.keys():
                yield Gathered((first, second), tuple(_ordered(graph.pages[one] for one in doc_ids)))


def _fits(draw: Draw, sets: Sequence[Gathered]) -> bool:
    return windows_of(_together(sets)) < draw.reads.stop


def _is_gathered(draw: Draw, one: Gathered) -> bool:
    """True if an agent sees all of the pages in one search, and each shows both words."""
    found = draw.searches.urls(" ".join(one.words), PAGED_HITS)
    return all(page.url in found for page in one.pages) and all(has_words(one.words, page) for page in one.pages)


def _together(sets: Sequence[Gathered]) -> tuple[Page, ...]:
    return tuple(_ordered({page.url: page for one in sets for page in one.pages}.values()))


def _extreme(draw: Draw, attribute: Attribute, pages: Sequence[Page]) -> Asked:
    kind, best = draw.dice.choice((("greatest", max), ("smallest", min)))
    asked = say(draw.dice, kind, attribute=say_attribute(draw.dice, attribute))

    def single(values: dict[Page, float]) -> Truth:
        found = [page for page, value in values.items() if value == best(values.values())]
        if len(found) != 1:
            raise Refused("no_single_extreme")
        return found[0]

    truth = single({page: attribute.values[page.doc_id] for page in pages})
    return (
        (asked, say(draw.dice, "title")), truth, lambda some: single({page: value_of(attribute, page) for page in some})
    )  # fmt: skip


def _selected(draw: Draw, attribute: Attribute, pages: Sequence[Page]) -> Asked:
    condition = draw_condition(draw.dice, attribute, pages, MOST_NAMED)
    ending = (say(draw.dice, "list", condition=condition.words), say(draw.dice, "titles"))

    def recomputed(some: Sequence[Page]) -> Truth:
        return tuple(_ordered(page for page in some if condition.selects(value_of(attribute, page))))

    return ending, tuple(condition.of(pages)), recomputed


def _total(draw: Draw, attribute: Attribute, pages: Sequence[Page]) -> Asked:
    asked = say(draw.dice, "total", attribute=say_attribute(draw.dice, attribute))
    truth = sum(attribute.values[page.doc_id] for page in pages)
    return (asked, say(draw.dice, "number")), truth, lambda some: sum(value_of(attribute, page) for page in some)


def _ordered(pages: Iterable[Page]) -> list[Page]:
    return sorted(pages, key=lambda page: page.url)
