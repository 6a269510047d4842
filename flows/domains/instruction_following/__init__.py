"""The domain of instruction following: texts that satisfy requirements which are in long documents."""

from flows.domains.contract import Domain
from flows.domains.instruction_following.composing.composers import CORPUS_BRIEF, HANDBOOK_BRIEF
from flows.domains.instruction_following.players import PLAYERS
from flows.domains.instruction_following.verifiers import VERIFIERS
from flows.domains.instruction_following.world.environment import DESK
from schemas.prompt import prompt

DOMAIN = Domain(
    name="instruction_following",
    share=0.06,
    environment=DESK,
    verifiers=VERIFIERS,
    composers=(CORPUS_BRIEF, HANDBOOK_BRIEF),
    chat_prompt=prompt("system", __name__),
    policies=PLAYERS,
)
