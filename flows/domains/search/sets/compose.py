"""The composers over the graph: candidates are numbered seeds, and each becomes a question that is proven and worded.

All composers share the candidates, so that a night reads the graph once; they take turns. A question is refused if its
truth comes out otherwise when it is computed from the page texts, or if a shortcut answers it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from flows.domains.contract import Composer, Corpus, Draft, Refused, Writer
from flows.domains.search.sets.chains import chain
from flows.domains.search.sets.described.mentions import mentions
from flows.domains.search.sets.described.riddles import intersection
from flows.domains.search.sets.draws import Draw, level
from flows.domains.search.sets.graph import Graph, Page
from flows.domains.search.sets.joins import table_join
from flows.domains.search.sets.naming import folded
from flows.domains.search.sets.question import Question, Truth
from flows.domains.search.sets.questions import set_count, set_extreme, set_list, union
from flows.domains.search.sets.reading import read_asked, read_graph
from flows.domains.search.sets.rewording.rewording import PROMPT, reworded
from flows.domains.search.sets.searches import Searches
from flows.domains.search.sets.shortcuts import Shortcuts
from flows.domains.search.sets.twins import Asked, asked_of
from flows.domains.search.sets.wording import shown
from schemas.prompt import Prompt
from schemas.record import content_id
from schemas.task import Hop, Task

DRAWS, GIVE_UP = 60, 84
"""Seeds offered per task wanted, and in all if none of them becomes a question: the corpus then has none."""
TURNS_PER_WINDOW, MORE_TURNS = 2, 24
TOKENS = 110_000
"""Tokens of an attempt at a long question: its windows, its searches, and its calls."""
VERSION = "4"


@dataclass(frozen=True)
class Candidate:
    """One draw of a night."""

    number: int
    seed: int
    graph: Graph
    searches: Searches
    reads: range
    """Windows to be read for its question."""
    made: set[str]
    """Lines of the questions that became tasks, in earlier nights and in this one."""
    asked: dict[str, list[Asked]]
    """Composer -> its questions that became tasks in this night."""
    reworded_share: float = 0.0
    """Share of the questions that the teacher words."""


def candidates(corpus: Corpus) -> Iterator[Candidate]:
    """The draws of a night, after the last one that became a task; none without pages or without a library."""
    path = corpus.resources.library_path
    graph = read_graph(corpus) if path else None
    if graph is None or path is None:
        return
    searches, made, last = Searches(corpus.resources.library), _made(corpus), _last(corpus)
    asked = read_asked(corpus, [one.name for one in SET_COMPOSERS])
    before, target = len(made), corpus.settings.target.get("search")
    for number in range(last + 1, last + 1 + corpus.wanted * DRAWS):
        place = corpus.settings.seed, corpus.day.isoformat(), "sets", number
        seed = int.from_bytes(hashlib.sha256(repr(place).encode()).digest()[:8], "big") >> 1
        yield Candidate(number, seed, graph, searches, level(seed, target), made, asked, corpus.settings.reworded)
        if number - last >= GIVE_UP and len(made) == before:
            return


def composer(name: str, ask: Callable[[Draw], Question]) -> Composer:
    """The composer of one kind of question."""

    def compose(candidate: Candidate, write: Writer) -> Draft:
        plain = proven(candidate, ask)
        mine = _compared(plain)
        if any(mine.is_twin_of(other) for other in candidate.asked.get(name, [])):
            raise Refused("twin")
        worded = Random(f"{candidate.seed}/wording").random() < candidate.reworded_share  # noqa: S311
        question = _in_other_words(candidate, plain, write) if worded else plain
        return draft(candidate, question, PROMPT if worded else None)

    return Composer(
        name, VERSION, candidates, compose,
        tokens=TOKENS, knob=knob, takes_target=True, accepted=_remember, reads_graph=True,
    )  # fmt: skip


def _remember(candidate: Candidate, task: Task) -> None:
    """Compare later questions with this one: not with those that a probe refuses, which a night that goes on lacks."""
    candidate.made.add(json.loads(task.difficulty)["line"])
    candidate.asked.setdefault(task.composer, []).append(asked_of(task.evidence, task.instruction))


def _compared(question: Question) -> Asked:
    pages = question.asked or question.reads
    return asked_of((page.doc_id for page in pages), " ".join(question.sentences))


def knob(candidate: Candidate) -> str:
    """The level of a candidate: the windows that are read for its question at least."""
    return f"{candidate.reads.start} windows"


def proven(candidate: Candidate, ask: Callable[[Draw], Question]) -> Question:
    """A question of that kind that no shortcut answers and that is true in both ways. Raises Refused."""
    question = ask(Draw(Random(candidate.seed), candidate.graph, candidate.searches, candidate.reads))  # noqa: S311
    if line_of(question) in candidate.made:
        raise Refused("same_line")
    named = candidate.graph.named
    if any(named.get(folded(page.name)) != page.doc_id for page in question.answer_pages):
        raise Refused("same_titles")
    Shortcuts(question, candidate.graph, candidate.searches).check()
    try:
        again = question.again()
    except LookupError as error:
        raise Refused("unclear_text") from error
    if again != question.truth:
        raise Refused("two_truths")
    return question


def _in_other_words(candidate: Candidate, plain: Question, write: Writer) -> Question:
    """The question as the teacher words it, which no shortcut answers either. Raises Refused, TeacherError."""
    question = reworded(plain, write)
    Shortcuts(question, candidate.graph, candidate.searches).check()
    return question


def draft(candidate: Candidate, question: Question, wording: Prompt | None = None) -> Draft:
    """The task of a question; `wording` is the prompt with which the teacher worded it."""
    asked = question.asked or question.reads
    reads = [
        (page.url, place, page.title or page.url)
        for page in question.reads
        for place in range(1, len(page.windows) + 1)
    ]
    hops = (*question.hubs, *(page for page in question.reads if page not in question.hubs))
    answer, form, truth = answer_of(question.truth)
    return Draft(
        instruction=" ".join(question.sentences),
        answer=answer,
        answer_form=form,
        created_at=candidate.graph.newest,
        evidence=[page.doc_id for page in asked],
        path=[Hop(doc_id=page.doc_id, url=page.url, anchor=None) for page in hops],
        hops=len(question.clauses),
        difficulty={
            "number": candidate.number,
            "line": line_of(question),
            "pages": len(asked),
            "windows": len(reads),
            "clauses": list(question.clauses),
            "corpora": len({page.corpus for page in hops}),
            "wording": "ok" if wording else "plain",
        },
        goal=json.dumps({"answer": truth}, ensure_ascii=False),
        oracle=json.dumps(
            {"named": [page.name for page in question.hubs] or question.clauses, "reads": reads}, ensure_ascii=False
        ),
        verifiers=[VERIFIER_OF[form], "evidence_consulted"],
        max_turns=TURNS_PER_WINDOW * len(reads) + MORE_TURNS,
        licenses=[page.license for page in hops if page.license],
        prompt=wording,
    )


VERIFIER_OF = {"text": "exact_answer", "number": "numeric_close", "set": "set_equals"}


def answer_of(truth: Truth) -> tuple[str, str, dict[str, object]]:
    """The answer as a reader writes it, its form, and the truth as the verifier of the form reads it."""
    if isinstance(truth, Page):
        return truth.name, "text", {"form": "text", "accepted": truth.names}
    if isinstance(truth, tuple):
        return "; ".join(page.name for page in truth), "set", {"form": "set", "items": [page.names for page in truth]}
    number = {"form": "number", "value": truth, "unit": None, "relative_tolerance": 0, "absolute_tolerance": 0}
    return shown(truth), "number", number


def line_of(question: Question) -> str:
    """Equal for two questions that want one thing in other words."""
    return content_id("line", *question.line)


def _made(corpus: Corpus) -> set[str]:
    from warehouse.connect import execute, query  # imports DuckDB, which the tools' worker processes do not need

    rows = execute(corpus.con, query("graph", "graph_lines"), {"composers": [one.name for one in SET_COMPOSERS]})
    return {row[0] for row in rows.fetchall()}


def _last(corpus: Corpus) -> int:
    from warehouse.connect import execute, query  # imports DuckDB, which the tools' worker processes do not need

    values = {"composers": [one.name for one in SET_COMPOSERS], "run_id": corpus.day.isoformat()}
    last: int = execute(corpus.con, query("graph", "last_graph_number"), values).fetchall()[0][0]
    return last


SET_COMPOSERS = (
    composer("set_extreme", set_extreme),
    composer("set_count", set_count),
    composer("set_list", set_list),
    composer("intersection", intersection),
    composer("union", union),
    composer("table_join", table_join),
    composer("chain", chain),
    composer("mentions", mentions),
)
