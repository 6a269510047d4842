"""The search domain: questions whose answers are found in a library of pages, on one of them or over many."""

from flows.domains.answers import EXACT_ANSWER, NUMERIC_CLOSE, SET_EQUALS
from flows.domains.contract import Domain
from flows.domains.search.composers.cloze import CLOZE
from flows.domains.search.composers.written import WRITTEN
from flows.domains.search.players import PLAYERS
from flows.domains.search.sets.compose import SET_COMPOSERS
from flows.domains.search.tools import LIBRARY
from flows.domains.search.verifiers import CONTAINS_ANSWER, EVIDENCE_CONSULTED, EXACT_MATCH
from schemas.prompt import prompt

DOMAIN = Domain(
    name="search",
    share=0.25,
    environment=LIBRARY,
    verifiers=(EXACT_MATCH, CONTAINS_ANSWER, EXACT_ANSWER, NUMERIC_CLOSE, SET_EQUALS, EVIDENCE_CONSULTED),
    composers=(CLOZE, WRITTEN, *SET_COMPOSERS),
    chat_prompt=prompt("search_system", __name__),
    text_prompt=prompt("search_text", __name__),
    policies=PLAYERS,
)
