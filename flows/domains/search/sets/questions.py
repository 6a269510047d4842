"""Questions over sets of pages: the extreme, the number or the names of those that a condition selects, and unions.

Each builds a question from a draw, or refuses it; its truth is computed from the graph's attributes, and again from the
page texts.
"""

from collections.abc import Callable, Sequence

from flows.domains.contract import Refused
from flows.domains.search.sets.conditions import Condition, draw_condition
from flows.domains.search.sets.draws import Draw, together
from flows.domains.search.sets.graph import Attribute, Listed, Page
from flows.domains.search.sets.question import Question, Truth, of_sets
from flows.domains.search.sets.recount import members_of, value_of
from flows.domains.search.sets.wording import joined, say, say_attribute, say_set, say_sets

MOST_SETS, MOST_NAMED = 4, 14
MARKS = "abcde"


def set_extreme(draw: Draw) -> Question:
    """The page with the greatest or smallest value, which only one page of the sets has."""
    attribute = draw.attribute()
    sets = draw.sets(attribute, 1, MOST_SETS)
    pages, values = together(sets, attribute), attribute.values
    kind, best = draw.dice.choice((("greatest", max), ("smallest", min)))
    value = best(values[page.doc_id] for page in pages)
    found = [page for page in pages if values[page.doc_id] == value]
    if len(found) != 1:
        raise Refused("no_single_extreme")
    asked = say(draw.dice, kind, attribute=say_attribute(draw.dice, attribute))

    def again() -> Truth:
        counted = {page: value_of(attribute, page) for page in _again(sets, pages)}
        return _single([page for page, one in counted.items() if one == best(counted.values())])

    return _over(draw, sets, attribute, (asked, say(draw.dice, "title")), found[0], again, "extreme")


def set_count(draw: Draw) -> Question:
    """The number of the pages that a condition selects."""
    attribute = draw.attribute()
    sets = draw.sets(attribute, 1, MOST_SETS)
    pages = together(sets, attribute)
    condition = draw_condition(draw.dice, attribute, pages)
    asked = say(draw.dice, "count", condition=condition.words)
    truth = float(len(condition.of(pages)))
    ending = (asked, say(draw.dice, "number"))
    return _over(draw, sets, attribute, ending, truth, lambda: float(len(_selected(sets, pages, condition))), "count")


def set_list(draw: Draw) -> Question:
    """The pages that a condition selects, some of the set."""
    attribute = draw.attribute()
    sets = draw.sets(attribute, 1, MOST_SETS)
    pages = together(sets, attribute)
    condition = draw_condition(draw.dice, attribute, pages, MOST_NAMED)
    asked = say(draw.dice, "list", condition=condition.words)
    ending = (asked, say(draw.dice, "titles"))
    truth = tuple(condition.of(pages))
    return _over(draw, sets, attribute, ending, truth, lambda: tuple(_selected(sets, pages, condition)), "list")


def union(draw: Draw) -> Question:
    """The number of different pages in any of two to five groups, each a set with a condition of its own."""
    attribute = draw.attribute()
    sets = draw.sets(attribute, 2, len(MARKS))
    groups = [(one, draw_condition(draw.dice, attribute, together([one], attribute))) for one in sets]
    selected = {page for one, condition in groups for page in condition.of(together([one], attribute))}
    described = [
        say(draw.dice, "each", mark=mark, set=say_set(draw.dice, one), condition=condition.words)
        for mark, (one, condition) in zip(MARKS, groups, strict=False)
    ]
    asked = say(draw.dice, "union", groups=joined(described))

    def again() -> Truth:
        return float(len({page for one, condition in groups for page in _selected([one], one.members, condition)}))

    pages = together(sets, attribute)
    sentences = (asked, *_only(draw, sets, attribute), say(draw.dice, "number"))
    line = ("union", attribute.kind, attribute.label)
    return _question(sentences, float(len(selected)), pages, again, sets, attribute, line)


def _over(  # noqa: PLR0913, PLR0917 (the parts of a question)
    draw: Draw,
    sets: Sequence[Listed],
    attribute: Attribute,
    ending: Sequence[str],
    truth: Truth,
    again: Callable[[], Truth],
    kind: str,
) -> Question:
    sentences = (say_sets(draw.dice, sets), *_only(draw, sets, attribute), *ending)
    line = (kind, attribute.kind, attribute.label)
    return _question(sentences, truth, together(sets, attribute), again, sets, attribute, line)


def _question(  # noqa: PLR0913, PLR0917 (the parts of a question)
    sentences: Sequence[str],
    truth: Truth,
    pages: Sequence[Page],
    again: Callable[[], Truth],
    sets: Sequence[Listed],
    attribute: Attribute,
    line: Sequence[str],
) -> Question:
    named = sorted(f"{one.hub.url}#{one.heading}" for one in sets)
    return of_sets(sentences, truth, pages, again, sets, attribute, (*line, *named))


def _only(draw: Draw, sets: Sequence[Listed], attribute: Attribute) -> list[str]:
    """The sentence that leaves out pages without the attribute, if there are some."""
    every = {page.doc_id for one in sets for page in one.members}
    return [] if every <= attribute.values.keys() else [say(draw.dice, "only")]


def _again(sets: Sequence[Listed], pages: Sequence[Page]) -> list[Page]:
    """The pages of the sets, found in the texts of their hubs; `pages` are those that count."""
    every = {page.url: page for one in sets for page in one.members}
    found = {page.url for one in sets for page in members_of(one, every.values())}
    return [page for page in pages if page.url in found]


def _selected(sets: Sequence[Listed], pages: Sequence[Page], condition: Condition) -> list[Page]:
    counting = [page for page in pages if page.doc_id in condition.attribute.values]
    return [page for page in _again(sets, counting) if condition.selects(value_of(condition.attribute, page))]


def _single(pages: Sequence[Page]) -> Page:
    if len(pages) != 1:
        raise LookupError("several pages have the extreme value")
    return pages[0]
