"""The world of one attempt on a server of tools.

On a server that is restorable by replay the attempt has a connection of its own, and its checkpoint is a hash of its
calls and their answers. Elsewhere only tools that change nothing are offered, on connections that all attempts share.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from flows.environments.environment import Checkpoint, FinalState
from flows.environments.mcp.connection import Connection
from flows.environments.mcp.faults import ServerFault
from flows.environments.mcp.pool import Pool, pool_of
from flows.environments.mcp.results import read_result
from flows.environments.mcp.setup import Setup, as_tools, offer
from flows.environments.tool import Answer, Tool, ToolCall

if TYPE_CHECKING:
    from flows.settings.environments import McpServer


class McpWorld:
    """An open world; close it also after a fault."""

    def __init__(self, setup: Setup, server: "McpServer") -> None:
        """Connect. Raises ServerFault, also if the server's tools are no longer those of the task."""
        self._setup, self._server = setup, server
        self._names = {tool.name: tool.server_name for tool in setup.tools}
        self._history = ""
        self._counts: Counter[str] = Counter()
        """Calls, errors of tools, and parts of results that the agent could not see, by type."""
        self._n_running = 0
        self._pool: Pool | None = None if server.restorable else pool_of(server)
        self._connection: Connection | None = self._pool.acquire() if self._pool else Connection(server)
        if offer(server, self._connection.listed).setup.tools_sha256 != setup.tools_sha256:
            self.close()
            raise ServerFault(
                "tools_changed", f"the MCP server {server.name} offers other tools than when the task was made"
            )

    def tools(self) -> tuple[Tool, ...]:
        """The tools of the task."""
        return as_tools(self._setup)

    def act(self, call: ToolCall) -> Answer:
        """Call a tool on the server. Raises ServerFault."""
        if self._connection is None:
            raise ServerFault("died", f"the connection to the MCP server {self._server.name} is closed")
        self._n_running += 1
        result = self._connection.call(self._names[call.name], call.arguments)
        self._n_running -= 1
        if self._pool:
            self._pool.succeeded()
        read = read_result(result, self._server)
        self._counts += read.unseen + Counter(calls=1, errors=int(read.answer.kind == "blocked"))
        if self._server.restorable:
            self._history = _hashed([self._history, call.name, call.arguments, read.answer.text])
        return read.answer

    def checkpoint(self) -> Checkpoint:
        """The hash of all calls and answers; on a shared server only counts, which a snapshot holds."""
        counts = json.dumps(self._counts, sort_keys=True)
        return Checkpoint(_hashed([self._history, counts]), None if self._server.restorable else counts)

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """Make the calls again, or take the counts from the snapshot."""
        if checkpoint.snapshot is None:
            return [self.act(call) for call in calls]
        self._counts = Counter(json.loads(checkpoint.snapshot))
        return []

    def finish(self, answer: str | None) -> FinalState:
        """The hash, and the counts."""
        return FinalState(self.checkpoint().digest, checks=dict(self._counts))

    def close(self) -> None:
        """Release the shared connection, or end the own one. A call that still runs makes a shared one unusable."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._pool is None:
            connection.close()
            return
        connection.broken |= self._n_running > 0
        self._pool.release(connection)


def _hashed(values: object) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
