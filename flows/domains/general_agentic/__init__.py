"""The general agentic domain: work in office services under policies, judged by the final state of the services."""

from flows.domains.contract import Domain
from flows.domains.general_agentic.batch.compose import BATCH_UNDER_POLICY
from flows.domains.general_agentic.chain.compose import TOOL_CHAIN
from flows.domains.general_agentic.fidelity import USER_FIDELITY
from flows.domains.general_agentic.players import PLAYERS
from flows.domains.general_agentic.verifiers import GOAL_STATE, NO_COLLATERAL, POLICY_KEPT
from flows.environments.services import SERVICES
from schemas.prompt import prompt

DOMAIN = Domain(
    name="general_agentic",
    share=0.12,
    environment=SERVICES,
    verifiers=(GOAL_STATE, NO_COLLATERAL, POLICY_KEPT, USER_FIDELITY),
    composers=(BATCH_UNDER_POLICY, TOOL_CHAIN),
    chat_prompt=prompt("agentic_system", __name__),
    policies=PLAYERS,
)
