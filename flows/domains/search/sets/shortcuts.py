"""Refuses questions that a shorter way answers than the one they are meant for, and those that no search can answer.

Each check is a reason code. The searches are those of the agent's own library.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from flows.domains.contract import Refused
from flows.domains.search.sets.graph import Attribute, Graph, Page
from flows.domains.search.sets.naming import folded
from flows.domains.search.sets.question import Question
from flows.domains.search.sets.searches import FIRST_HITS, PAGED_HITS, Searches

HALF = 0.5
WORD = re.compile(r"[^\W_]{4,}")


@dataclass(frozen=True)
class Shortcuts:
    """The checks of one question."""

    question: Question
    graph: Graph
    searches: Searches

    def check(self) -> None:
        """Raise Refused with the reason of the first check that fails."""
        for reason, fails in self._checks():
            if fails():
                raise Refused(reason)

    def _checks(self) -> Iterator[tuple[str, Callable[[], bool]]]:
        yield "prior_binding", self._prior
        yield "co_coverage", self._covered
        yield "listed", self._listed
        yield "rare_word", self._rare
        yield "unreachable", self._unreachable
        yield "clause_finds_answer", self._found

    @cached_property
    def _instruction(self) -> str:
        return " ".join(self.question.sentences)

    def _prior(self) -> bool:
        """The answer is fixed without the corpus: none, one or all of the pages, or a page that the question names."""
        truth, asked = self.question.truth, len(self.question.asked)
        if isinstance(truth, Page):
            return truth in self.question.hubs
        if isinstance(truth, tuple):
            whole = bool(self.question.gathered or self.question.sets)
            return self.question.clauses == () or (whole and len(truth) == asked)
        return truth in {0.0, 1.0, float(asked)}

    def _covered(self) -> bool:
        """One page holds more than half of several clauses."""
        clauses = [set(WORD.findall(one.lower())) for one in self.question.clauses]
        hubs = [page.url for page in self.question.hubs]
        if len(hubs) > 1:
            return max(map(hubs.count, hubs)) > HALF * len(hubs)
        if hubs or len(clauses) < 2:
            return False
        held = [
            sum(all(page.doc_id in self.graph.words.get(word, ()) for word in one) for one in clauses)
            for page in self.question.asked
        ]
        return max(held) > HALF * len(clauses)

    def _listed(self) -> bool:
        """A page lists the set with the attribute: a table column of it, or its words about as often as members."""
        names = {folded(name) for page in self.question.asked for name in (page.name, page.title)}
        return bool(self.question.sets) and any(
            self._tabled(attribute, names) or self._repeated(attribute) for attribute in self.question.attributes
        )

    def _tabled(self, attribute: Attribute, names: set[str]) -> bool:
        for table in self.graph.tables:
            if attribute.label and attribute.label in {folded(one) for one in table.headers}:
                rows = sum(any(folded(cell.text) in names for cell in row) for row in table.rows)
                if rows >= HALF * len(self.question.asked):
                    return True
        return False

    def _repeated(self, attribute: Attribute) -> bool:
        needed = HALF * len(self.question.asked)
        hubs = self.question.hubs
        return bool(attribute.label) and any(page.lower.count(attribute.label) >= needed for page in hubs)

    def _rare(self) -> bool:
        """A word of the question that is on one or two pages only is on a page that decides and that is not named."""
        rare = set(WORD.findall(self._instruction.lower())) & self.graph.rare
        unnamed = [page for page in self.question.reads if page not in self.question.hubs]
        return any(word in page.lower for word in rare for page in unnamed)

    def _unreachable(self) -> bool:
        """A page is not among the hits of its own name, or, if it has no name in the question, of its clause."""
        named = (*self.question.hubs, *(self.question.asked if self.question.hubs else ()))
        if any(page.url not in self.searches.urls(page.name, FIRST_HITS) for page in named):
            return True
        return any(page.url not in self.searches.urls(clause, PAGED_HITS) for page, clause in self._described())

    def _described(self) -> list[tuple[Page, str]]:
        """The pages that clauses describe without a name, each with its clause."""
        if self.question.hubs:
            return []
        described = self.question.gathered or [(page,) for page in self.question.asked]
        return [(page, clause) for some, clause in zip(described, self.question.clauses, strict=True) for page in some]

    def _found(self) -> bool:
        """The first search finds the whole answer: of a clause, of a sentence, or of the whole question."""
        if self.question.hubs or self.question.gathered:
            answers = {page.url for page in self.question.answer_pages}
            queries = (*self.question.clauses, *self.question.sentences, self._instruction)
            return any(answers <= set(self.searches.urls(query, FIRST_HITS)) for query in queries if answers)
        return any(page.url in self.searches.urls(clause, FIRST_HITS) for page, clause in self._described())
