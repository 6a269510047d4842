"""The composer of studies over the crawled pages: candidates are numbered seeds over the graph of the corpus.

A corpus without lists of pages with numbers gives a counted reason and no study; the domain's other composer then has
its part of the night.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from flows.domains.contract import Composer, Corpus, Draft, Refused, Writer
from flows.domains.science.composing.proof import require_packages
from flows.domains.science.literature.draw import CELL, draw_study
from flows.domains.science.literature.instruction import instruction_of, sentences_of
from flows.domains.science.literature.number_on_page import number_on_page
from flows.domains.science.literature.proof import TOLERANCE, Steps, check_reading, proven
from flows.domains.science.literature.study import Part, Study
from flows.domains.science.world.pages_room import SETUP
from flows.domains.search.sets.graph import Attribute, Graph, Page
from flows.domains.search.sets.reading import read_asked, read_graph
from flows.domains.search.sets.searches import Searches
from flows.domains.search.sets.twins import Asked, asked_of
from flows.domains.seeds import made_before, seeded
from schemas.record import content_id
from schemas.task import Hop, Task

NAME, VERSION = "page_study", "4"
GIVE_UP = 60
"""Seeds offered in a row of which none becomes a study: the corpus then has no more of them."""
DRAWS = 12
"""Studies drawn for one seed until one is proven."""
PARTS, WEIGHTS = (2, 3, 4), (1, 2, 2)
"""Parts of a study, and how often each number is drawn."""
ALIKE = 0.45
"""Share of common runs of words, of all, above which two studies read alike."""
TOKENS = 110_000
"""Tokens of an attempt at the longest studies."""
TURNS_PER_PAGE, MORE_TURNS = 5, 40
VERIFIERS = ("steps_shown", "numeric_close", "evidence_consulted")


@dataclass(frozen=True)
class Candidate:
    """One draw of a night."""

    number: int
    seed: int
    graph: Graph | None
    """None without pages."""
    searches: Searches | None
    made: set[str]
    """Lines of the studies that became tasks, in earlier nights and in this one."""
    asked: list[Asked]
    """The studies that became tasks in this night."""

    @property
    def n_parts(self) -> int:
        """Parts of its study: the level of difficulty."""
        return Random(f"{self.seed}/parts").choices(PARTS, WEIGHTS)[0]  # noqa: S311


def candidates(corpus: Corpus) -> Iterator[Candidate]:
    """The draws of a night; a single one, which is refused, without pages. Raises MissingPackages."""
    require_packages()
    graph = read_graph(corpus) if corpus.resources.library_path else None
    made, asked = made_before(corpus, NAME), read_asked(corpus, [NAME]).get(NAME, [])
    searches, known, in_vain = Searches(corpus.resources.library) if graph else None, len(made), 0
    for seed in seeded(NAME)(corpus):
        yield Candidate(seed.number, seed.seed, graph, searches, made, asked)
        known, in_vain = len(made), in_vain + 1 if len(made) == known else 0
        if graph is None or in_vain >= GIVE_UP:
            return


def compose(candidate: Candidate, writer: Writer) -> Draft:
    """The first study of the seed that is proven. Raises Refused with the reason of the last one."""
    graph, searches = candidate.graph, candidate.searches
    if graph is None or searches is None:
        raise Refused("no_pages")
    refused = Refused("no_sets")
    for at in range(DRAWS):
        try:
            return _composed(candidate, graph, searches, Random(f"{candidate.seed}/{at}"))  # noqa: S311
        except Refused as reason:
            refused = reason
            if str(reason) == "no_quantities":
                break
    raise refused


def _composed(candidate: Candidate, graph: Graph, searches: Searches, dice: Random) -> Draft:
    study = draw_study(dice, graph, candidate.n_parts)
    steps = proven(study)
    if line_of(study) in candidate.made:
        raise Refused("same_line")
    sentences = sentences_of(dice, study)
    check_reading(study, sentences, graph, searches)
    instruction = instruction_of(dice, study, sentences)
    mine = asked_of((page.doc_id for page in _hops(study)), instruction)
    if any(mine.is_twin_of(other) or mine.words_shared(other) > ALIKE for other in candidate.asked):
        raise Refused("twin")
    return _draft(study, steps, instruction, candidate.number)


def _draft(study: Study, steps: Steps, instruction: str, number: int) -> Draft:
    pages, hops = study.pages, _hops(study)
    n_steps = sum(map(len, steps))
    return Draft(
        instruction=instruction,
        answer=f"{study.answer(steps):.10g}{f' {study.conversion.wanted}' if study.conversion else ''}",
        answer_form="number",
        created_at=max(page.fetched_at for page in hops),
        evidence=[page.doc_id for page in hops],
        path=[Hop(doc_id=page.doc_id, url=page.url, anchor=None) for page in hops],
        hops=len(study.parts),
        difficulty={
            "number": number,
            "line": line_of(study),
            "n_parts": len(study.parts),
            "n_steps": n_steps,
            "pages": len(pages),
            "procedures": [part.procedure.name for part in study.parts],
        },
        setup=SETUP,
        goal=_goal(study, steps),
        oracle=json.dumps(_route(study), ensure_ascii=False),
        verifiers=VERIFIERS,
        max_turns=TURNS_PER_PAGE * len(pages) + 3 * n_steps + MORE_TURNS,
        licenses=[page.license for page in hops if page.license],
    )


def line_of(study: Study) -> str:
    """Equal for two studies of the same procedures over the same numbers."""
    parts = [
        [
            part.procedure.name,
            part.rows.column if part.rows else "",
            part.listed.hub.url,
            part.listed.heading,
            *(one.label for one in part.quantities),
        ]
        for part in study.parts
    ]
    return content_id("line", json.dumps(parts))


def _hops(study: Study) -> list[Page]:
    """The pages with lists, then those with numbers."""
    return list(dict.fromkeys([*study.hubs, *study.pages]))


def _goal(study: Study, steps: Steps) -> str:
    conversion = study.conversion
    answer = {
        "form": "number", "value": study.answer(steps), "unit": conversion.wanted if conversion else None,
        "relative_tolerance": TOLERANCE, "absolute_tolerance": 0,
    }  # fmt: skip
    values = {
        f"{number}.{name}": {"form": "number", "value": value}
        for number, found in enumerate(steps, 1)
        for name, value in found.items()
    }
    return json.dumps({"answer": answer, "steps": values})


def _route(study: Study) -> dict[str, Any]:
    """The way through the pages: where to read, what to look for there, and how to compute; no value."""
    conversion = study.conversion
    return {
        "start": study.start,
        "parts": [_leg(part) for part in study.parts],
        "wanted": study.wanted,
        "unit": [conversion.factor, conversion.wanted] if conversion else None,
    }


def _leg(part: Part) -> dict[str, Any]:
    return {
        "hub": {**_place(part.listed.hub), "windows": [*range(1, len(part.listed.hub.windows) + 1)]},
        "pages": [{**_place(page), "windows": _windows(page, part.quantities)} for page in part.pages],
        "quantities": [[one.kind, one.shown if one.kind == CELL else one.label] for one in part.quantities],
        "procedure": part.procedure.name,
        "key": part.rows.key if part.rows else None,
    }


def _place(page: Page) -> dict[str, Any]:
    return {"name": page.name, "url": page.url}


def _windows(page: Page, quantities: Sequence[Attribute]) -> list[int]:
    """The windows in which the page states the quantities; all if one does not hold its number whole."""
    stated = [one for one in quantities if one.kind != CELL]
    found = [[at for at, text in enumerate(page.windows, 1) if _states(one, text)] for one in stated]
    every = list(range(1, len(page.windows) + 1))
    return sorted({at for some in found for at in some}) if all(map(_single, found)) else every


def _single(some: Sequence[int]) -> bool:
    return len(some) == 1


def _states(one: Attribute, text: str) -> bool:
    try:
        number_on_page(one.kind, one.label, text)
    except LookupError:
        return False
    return True


def _remember(candidate: Candidate, task: Task) -> None:
    candidate.made.add(json.loads(task.difficulty)["line"])
    candidate.asked.append(asked_of(task.evidence, task.instruction))


def _knob(candidate: Candidate) -> str:
    return f"{candidate.n_parts} parts"


PAGE_STUDY = Composer(
    NAME, VERSION, candidates, compose, tokens=TOKENS, knob=_knob, accepted=_remember, reads_graph=True
)
