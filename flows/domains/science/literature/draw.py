"""Draws a study from a seed: a list of pages and a procedure for each part, of lists that share no page.

Numbers that name things rather than measure them, such as codes, are not used.
"""

from collections.abc import Iterator, Sequence, Set
from random import Random

import regex

from flows.domains.contract import Refused
from flows.domains.science.literature.procedures import PROCEDURES, Procedure
from flows.domains.science.literature.study import Part, Study
from flows.domains.search.composers.function_words import ENGLISH, SHARING_LATIN, function_words
from flows.domains.search.sets.graph import Attribute, Graph, Listed, Page, Rows

KINDS = ("pair", "date")
"""Kinds of attributes that pages state in numbers; others are counted by a reader."""
NAMING = regex.compile(
    r"\b(?:ids?|identifiers?|codes?|isbn|issn|doi|pmid|oclc|ports?|phone|fax|zip|postal|postcode|pin|numbers?|no|nr|"
    r"num|rank|ranking|version|release|page|pages|chapter|section|issue|volume|license|licence|status|error|"
    r"latitude|longitude|date|month|day|time)\b",
    regex.IGNORECASE,
)
"""Words of labels whose numbers name or order something, or are parts of a notation."""
OFFSET_UNITS = {"°C", "°F", "K"}
"""Temperatures, of which only differences are comparable."""
VERBS = {"was", "were", "is", "first", "wurde", "fut", "fue", "fu", "foi", "werd", "blev"}
"""Function words with which the words before a year may begin; `the island in` names no event."""
LEAST_PAGES, MOST_PAGES = 5, 30
LEAST_IN_ALL, MOST_IN_ALL = 6, 70
"""Pages with numbers, of one part and of a study."""
MOST_STEPS = 10
CELL = "cell"
"""Kind of a quantity that is a column of a table."""
TABLE_SHARE = 0.3
"""Share of the parts with two numbers that are tried over a table first."""
DISTINCT_SHARE = 0.5
TRIES = 80


def draw_study(dice: Random, graph: Graph, n_parts: int) -> Study:
    """A study of that many parts. Raises Refused."""
    measures = _measures(graph)
    if not measures:
        raise Refused("no_quantities")
    parts, taken = list[Part](), set[str]()
    for procedure in _procedures(dice, n_parts):
        usable = [one for one in measures if one.is_year == procedure.takes_years]
        part = _part(dice, graph, procedure, usable, taken)
        parts.append(part)
        taken |= _touched(part)
    pages = [page for part in parts for page in part.pages]
    if not LEAST_IN_ALL <= len(pages) <= MOST_IN_ALL:
        raise Refused("reading_length")
    start = dice.choice([one for one in range(45, 161) if abs(one - 100) > 5]) / 100
    return Study(start, tuple(parts))


def _procedures(dice: Random, n_parts: int) -> list[Procedure]:
    """Different procedures, with no more than MOST_STEPS steps together."""
    while True:
        chosen = [PROCEDURES[name] for name in dice.sample(sorted(PROCEDURES), n_parts)]
        if sum(len(one.steps) for one in chosen) <= MOST_STEPS:
            return chosen


def _part(dice: Random, graph: Graph, procedure: Procedure, usable: Sequence[Attribute], taken: Set[str]) -> Part:
    """A part over a list that shares no page with the others. Raises Refused."""
    tables = [one for one in graph.keyed if one.pages and procedure.n_numbers > 1 and not NAMING.search(one.column)]
    if tables and usable and dice.random() < TABLE_SHARE:
        part = _table_part(dice.choice(tables), dice.choice(usable), procedure)
        if part and not taken & _touched(part) and _is_usable(part):
            return part
    for listed, quantities in _draws(dice, graph, procedure, usable):
        known = [one.values for one in quantities]
        pages = tuple(page for page in listed.members if all(page.doc_id in values for values in known))
        part = Part(listed, pages, quantities, procedure)
        if not taken & _touched(part) and _is_usable(part):
            return part
    raise Refused("no_sets")


def _table_part(rows: Rows, other: Attribute, procedure: Procedure) -> Part | None:
    """A part over the pages that a table names: x is its column, y a number of the pages. None if rows share a page."""
    values = {page.doc_id: rows.numbers[key] for key, page in rows.pages.items()}
    if len(values) < len(rows.pages) or rows.table.page.doc_id in values:
        return None
    members = tuple(sorted(rows.pages.values(), key=lambda page: page.url))
    cells = Attribute(CELL, rows.column.casefold(), rows.column, values)
    pages = tuple(page for page in members if page.doc_id in other.values)
    return Part(Listed(rows.table.page, rows.table.heading, members), pages, (cells, other), procedure, rows)


def _touched(part: Part) -> set[str]:
    """The doc_ids of its pages, those that do not count included."""
    return {part.listed.hub.doc_id, *(page.doc_id for page in part.listed.members)}


def _draws(
    dice: Random, graph: Graph, procedure: Procedure, usable: Sequence[Attribute]
) -> Iterator[tuple[Listed, tuple[Attribute, ...]]]:
    for _ in range(TRIES if usable else 0):
        chosen: tuple[Attribute, ...] = (dice.choice(usable),)
        lists = graph.lists_with(chosen[0])
        listed = dice.choice(lists) if lists else None
        if listed and procedure.n_numbers > 1:
            others = [one for one in usable if one.label != chosen[0].label and listed in graph.lists_with(one)]
            chosen = (chosen[0], dice.choice(others)) if others else ()
        if listed and chosen:
            yield listed, chosen


def _is_usable(part: Part) -> bool:
    """True if the numbers are positive and different enough, and no page leaves open whether it states them."""
    fits = LEAST_PAGES <= len(part.pages) <= MOST_PAGES
    return fits and all(_vary(one, part.pages) for one in part.quantities) and not _unclear(part)


def _vary(quantity: Attribute, pages: Sequence[Page]) -> bool:
    values = [quantity.values[page.doc_id] for page in pages]
    return min(values) > 0 and len(set(values)) >= max(4, DISTINCT_SHARE * len(values))


def _unclear(part: Part) -> bool:
    """True if a page that is left out has the words of a quantity: a reader may find a number there."""
    left_out = [page for page in part.listed.members if page not in part.pages]
    return any(one.label in page.lower for page in left_out for one in part.quantities if one.kind != CELL)


def _measures(graph: Graph) -> list[Attribute]:
    """The attributes that measure something or are years."""
    return [one for one in graph.attributes if one.kind in KINDS and _is_measure(one)]


def _is_measure(one: Attribute) -> bool:
    if one.kind == "date":
        return _begins_well(one.label.split()[0])
    return one.is_year or (one.unit not in OFFSET_UNITS and not NAMING.search(one.label))


def _begins_well(word: str) -> bool:
    """True unless it is a function word of a language, verbs aside."""
    return word in VERBS or (not any(word in function_words(one) for one in SHARING_LATIN) and word not in ENGLISH)
