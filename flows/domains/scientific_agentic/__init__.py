"""Science with tools: an instrument to calibrate, data with planted values, and a script that is run on fresh data."""

from flows.domains.contract import Domain
from flows.domains.scientific_agentic.composing.compose import LABORATORY_PROJECT
from flows.domains.scientific_agentic.kind import LABORATORY
from flows.domains.scientific_agentic.players import PLAYERS
from flows.domains.scientific_agentic.verifiers import FRESH_DATA
from schemas.prompt import prompt

DOMAIN = Domain(
    name="scientific_agentic",
    share=0.05,
    environment=LABORATORY,
    verifiers=(FRESH_DATA,),
    composers=(LABORATORY_PROJECT,),
    chat_prompt=prompt("system", __name__),
    policies=PLAYERS,
)
