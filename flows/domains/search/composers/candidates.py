"""Candidates of the search composers: walks with the quotations that are unique in the corpus.

Walks are drawn many at a time, because each draw and each uniqueness check is a pass over the corpus.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flows.domains.contract import Corpus, Draft
from flows.domains.search.composers.chain import Chain, Choices, choices_of, fix_chain
from flows.domains.search.composers.walk import Walk, Walks, unique_probes
from schemas.task import Hop

VERIFIERS = ("exact_match", "contains_answer", "evidence_consulted")
WALKS_PER_TASK, MIN_WALKS, MAX_WALKS = 3, 16, 2_000
"""Walks drawn at once per task wanted, and the bounds of that number."""


@dataclass(frozen=True)
class WalkCandidate:
    """A walk, its quotations (None if it is too short) and the probes that occur once in the corpus."""

    walk: Walk
    choices: Choices | None
    unique: set[str]
    created_at: datetime

    @property
    def number(self) -> int:
        """Place in the night's order, from 1."""
        return self.walk.number

    def chain(self) -> Chain:
        """The walk with its answer and quotations fixed; raises Refused."""
        return fix_chain(self.choices, self.unique)

    def draft(self, chain: Chain, instruction: str) -> Draft:
        """The task with this instruction and the chain's answer."""
        last = self.walk.steps[-1]
        return Draft(
            instruction=instruction,
            answer=chain.answer,
            created_at=self.created_at,
            evidence=[last.doc_id],
            path=[Hop(doc_id=step.doc_id, url=step.url, anchor=step.anchor) for step in self.walk.steps],
            hops=self.walk.hops,
            difficulty={"answer_page_chars": len(last.text)},
            verifiers=VERIFIERS,
            licenses=[step.license for step in self.walk.steps if step.license],
        )


def walk_candidates(corpus: Corpus) -> Iterator[WalkCandidate]:
    """Walks in the night's order, without those whose last page already holds the answer of a task of this night."""
    walks = Walks(corpus.con, corpus.settings, corpus.day)
    used, created_at = walks.answer_pages(), walks.newest_fetch()
    at_once = min(max(MIN_WALKS, WALKS_PER_TASK * corpus.wanted), MAX_WALKS)
    for after in range(0, walks.total, at_once):
        drawn = [walk for walk in walks.draw(after, at_once) if walk.steps[-1].url not in used]
        found = [choices_of(walk) if walk.hops >= corpus.settings.min_hops else None for walk in drawn]
        unique = unique_probes(corpus.con, {probe for one in found if one for probe in one.probes()})
        for walk, choices in zip(drawn, found, strict=True):
            yield WalkCandidate(walk, choices, unique, created_at)
