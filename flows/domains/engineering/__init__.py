"""The engineering domain: faults in real packages, reported by users, to be mended in their source."""

import json
from dataclasses import replace

from flows.domains.contract import Domain
from flows.domains.engineering.composers.combined import COMBINED
from flows.domains.engineering.composers.draft import TOOLS
from flows.domains.engineering.composers.mutants import MUTANTS
from flows.domains.engineering.composers.removed import REMOVED
from flows.domains.engineering.composers.reversed import REVERSED
from flows.domains.engineering.examination import examine
from flows.domains.engineering.folder import folder_parts
from flows.domains.engineering.issues.composer import ISSUES
from flows.domains.engineering.players import PLAYERS
from flows.domains.engineering.verifiers import TESTS_INTACT, TESTS_PASS
from flows.environments.tool import Tool
from flows.environments.workspace import WORKSPACE
from schemas.prompt import prompt


def _tools(setup: str, dialect: str) -> tuple[Tool, ...]:
    """The tools of a setup; those of a composed task if it names none."""
    return WORKSPACE.tools(json.dumps({"tools": TOOLS} | json.loads(setup)), dialect)


DOMAIN = Domain(
    name="engineering",
    share=0.3,
    environment=replace(WORKSPACE, tools=_tools, examine=examine),
    verifiers=(TESTS_PASS, TESTS_INTACT),
    composers=(MUTANTS, COMBINED, REMOVED, REVERSED, ISSUES),
    chat_prompt=prompt("engineering_system", __name__),
    folder=folder_parts,
    policies=PLAYERS,
)
