"""A workshop: the workspace environment as a domain, with commands that leave files behind."""

import json

from flows.domains.contract import Domain, Finished, Judgement, Verifier
from flows.environments.workspace import WORKSPACE
from schemas.prompt import prompt

SETUP = json.dumps(
    {"files": {"log.txt": "start\n", "src/a.py": "x = 1\n"}, "tools": ["bash", "read", "edit", "write", "submit"]}
)


def left_files(attempt: Finished) -> Judgement:
    return Judgement("ok" if attempt.outcome and attempt.outcome.artifacts != "[]" else "no_files")


DOMAIN = Domain(
    name="workshop",
    environment=WORKSPACE,
    verifiers=(Verifier("left_files", "1", left_files),),
    composers=(),
    chat_prompt=prompt("search_system", "flows.domains.search"),
)
