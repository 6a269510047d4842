"""The search domain: questions whose answer is stated on one page of a library, found with search tools."""

from flows.domains.contract import Domain
from flows.domains.search.composers.cloze import CLOZE
from flows.domains.search.composers.written import WRITTEN
from flows.domains.search.tools import LIBRARY
from flows.domains.search.verifiers import CONTAINS_ANSWER, EVIDENCE_CONSULTED, EXACT_MATCH
from schemas.prompt import prompt

DOMAIN = Domain(
    name="search",
    environment=LIBRARY,
    verifiers=(EXACT_MATCH, CONTAINS_ANSWER, EVIDENCE_CONSULTED),
    composers=(CLOZE, WRITTEN),
    chat_prompt=prompt("search_system", __name__),
    text_prompt=prompt("search_text", __name__),
)
