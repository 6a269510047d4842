"""The domain mcp_server: questions answered with the tools of a server that speaks the Model Context Protocol."""

from flows.domains.contract import Domain
from flows.domains.mcp_server.composer import WRITTEN_BY_HAND
from flows.domains.search.verifiers import CONTAINS_ANSWER, EXACT_MATCH
from flows.environments.mcp.kind import MCP
from schemas.prompt import prompt

DOMAIN = Domain(
    name="mcp_server",
    environment=MCP,
    verifiers=(EXACT_MATCH, CONTAINS_ANSWER),
    composers=(WRITTEN_BY_HAND,),
    chat_prompt=prompt("system", __name__),
)
