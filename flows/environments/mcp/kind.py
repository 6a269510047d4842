"""Environments whose tools a server of the settings offers; the SDK is not imported before a world of one opens."""

from pathlib import Path
from typing import TYPE_CHECKING

from flows.environments.environment import Environment, EnvironmentKind
from flows.environments.mcp.faults import ServerFault, require_sdk
from flows.environments.mcp.setup import Offer, as_tools, offer, read_setup
from flows.environments.resources import Resources
from flows.environments.tool import Tool

if TYPE_CHECKING:
    from flows.settings.environments import McpServer


def connected_offer(server: "McpServer") -> Offer:
    """Connect to a server once and read which of its tools it offers to agents. Raises ServerFault, MissingSdk."""
    require_sdk()
    from flows.environments.mcp.connection import Connection

    connection = Connection(server)
    connection.close()
    return offer(server, connection.listed)


def _tools(setup: str, dialect: str) -> tuple[Tool, ...]:
    return as_tools(read_setup(setup))


def _opened(setup: str, resources: Resources, folder: Path) -> Environment:
    require_sdk()
    from flows.environments.mcp.world import McpWorld

    read = read_setup(setup)
    for server in resources.servers:
        if server.name == read.server:
            return McpWorld(read, server)
    raise ServerFault("unknown", f"the settings have no server {read.server!r}: add it as [[environments.mcp]]")


MCP = EnvironmentKind("mcp", "1", _tools, _opened, needs=("a server in [[environments.mcp]]",))
