"""The science domain: studies computed step by step, in libraries of contradicting sources and over crawled pages."""

from flows.domains.answers import NUMERIC_CLOSE
from flows.domains.contract import Domain
from flows.domains.science.composing.compose import LIBRARY_STUDY
from flows.domains.science.composing.proof import PACKAGES
from flows.domains.science.kind import READING_ROOM
from flows.domains.science.literature.compose import PAGE_STUDY
from flows.domains.science.players import PLAYERS
from flows.domains.science.verifiers import STEPS_SHOWN
from flows.domains.search.verifiers import EVIDENCE_CONSULTED
from schemas.prompt import prompt

DOMAIN = Domain(
    name="science",
    share=0.12,
    environment=READING_ROOM,
    verifiers=(STEPS_SHOWN, NUMERIC_CLOSE, EVIDENCE_CONSULTED),
    composers=(LIBRARY_STUDY, PAGE_STUDY),
    chat_prompt=prompt("system", __name__),
    policies=PLAYERS,
    packages=PACKAGES,
    extra="science",
)
