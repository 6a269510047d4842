"""Proves a study: two ways of computing, every page and every part matter, and no shorter way gives the answer."""

import re
from collections.abc import Iterator, Mapping, Sequence

from flows.domains.contract import Refused
from flows.domains.science.literature.draw import CELL
from flows.domains.science.literature.recompute import agrees, answer_agrees
from flows.domains.science.literature.study import Part, Study, Undecided, solve
from flows.domains.search.sets.graph import Graph
from flows.domains.search.sets.naming import folded
from flows.domains.search.sets.question import of_sets
from flows.domains.search.sets.searches import Searches
from flows.domains.search.sets.shortcuts import Shortcuts

TOLERANCE = 1e-4
"""Share by which the answer may differ."""
LEAST_EFFECT = 3 * TOLERANCE
"""Share by which the answer changes at least if one page is not found."""
APART = 0.01
"""Share by which the answer differs from every number of a page, and from those of shorter ways."""
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
Steps = Sequence[Mapping[str, float]]


def proven(study: Study) -> Steps:
    """The steps of a study. Raises Refused."""
    try:
        steps = study.solve()
    except Undecided as error:
        raise Refused("undecided") from error
    answer = study.answer(steps)
    if any(_is_near(answer, guess, APART) for guess in _guesses(study, steps)):
        raise Refused("guessable")
    if any(_is_near(answer, one, APART) for one in _skipped(study, steps)):
        raise Refused("part_without_effect")
    if any(_is_near(answer, one, LEAST_EFFECT) for one in _with_one_page_less(study, steps)):
        raise Refused("page_without_effect")
    try:
        if not (agrees(study, steps) and answer_agrees(study, answer, steps)):
            raise Refused("two_ways_differ")
    except (LookupError, ValueError) as error:
        raise Refused("unclear_text") from error
    return steps


def check_reading(study: Study, sentences: Sequence[str], graph: Graph, searches: Searches) -> None:
    """Refuse pages that no search finds, hubs of an unclear name, and shorter ways to the numbers. Raises Refused."""
    for part, sentence in zip(study.parts, sentences, strict=True):
        hub = part.listed.hub
        if graph.named.get(folded(hub.name)) != hub.doc_id:
            raise Refused("same_titles")
        for quantity in (one for one in part.quantities if one.kind != CELL):
            question = of_sets([sentence], 0.5, part.pages, lambda: 0.5, [part.listed], quantity, ("study",))
            Shortcuts(question, graph, searches).check()
    if _quoted_numbers(" ".join(sentences)) & {
        value for part in study.parts for some in part.numbers() for value in some
    }:
        raise Refused("value_in_question")


def _guesses(study: Study, steps: Steps) -> Iterator[float]:
    """Numbers that a reader comes across on the way: those of pages, the other steps, and trivial ones."""
    yield from (0.0, 1.0, study.start)
    for part, found in zip(study.parts, steps, strict=True):
        yield from (value for some in part.numbers() for value in some)
        last = part is study.parts[-1]
        yield from (value for name, value in found.items() if not (last and name == study.wanted))


def _skipped(study: Study, steps: Steps) -> Iterator[float]:
    """The answers if one part is left out: its result is taken to be its factor, or 1."""
    factors = [study.start, *(found[part.procedure.result] for part, found in zip(study.parts, steps, strict=True))]
    for at in range(len(study.parts) - 1):
        for factor in (factors[at], 1.0):
            yield from _answer_of(study, study.parts[at + 1 :], factor)
    yield from _answer_of(study, study.parts, 1.0)


def _with_one_page_less(study: Study, steps: Steps) -> Iterator[float]:
    """The answers if one page is not found."""
    factor = study.start
    for at, part in enumerate(study.parts):
        for page in part.pages:
            yield from _answer_of(study, [part.without(page), *study.parts[at + 1 :]], factor)
        factor = steps[at][part.procedure.result]


def _answer_of(study: Study, parts: Sequence[Part], factor: float) -> list[float]:
    """The answer from these last parts; none if they decide none."""
    try:
        return [study.answer(solve(parts, factor))]
    except Undecided:
        return []


def _quoted_numbers(text: str) -> set[float]:
    """The numbers in quoted names and of the first factor."""
    return {float(one.replace(",", "")) for quoted in re.findall(r"“([^”]+)”", text) for one in NUMBER.findall(quoted)}


def _is_near(answer: float, other: float, share: float) -> bool:
    return abs(answer - other) <= share * abs(answer)
