"""The domain of ML engineering: models for data with a law to be found, judged on private rows later or elsewhere."""

from flows.domains.contract import Domain
from flows.domains.ml_engineering.composing.generated import GENERATED_DATA
from flows.domains.ml_engineering.composing.given.compose import GIVEN_TABLE
from flows.domains.ml_engineering.kind import ML_WORKSPACE
from flows.domains.ml_engineering.players import PLAYERS
from flows.domains.ml_engineering.verifiers import SCORE_REACHED
from schemas.prompt import prompt

DOMAIN = Domain(
    name="ml_engineering",
    share=0.1,
    environment=ML_WORKSPACE,
    verifiers=(SCORE_REACHED,),
    composers=(GENERATED_DATA, GIVEN_TABLE),
    chat_prompt=prompt("system", __name__),
    policies=PLAYERS,
)
