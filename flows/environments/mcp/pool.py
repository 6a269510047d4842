"""Connections to servers of tools that all attempts of a process share, since no call of theirs changes anything.

A connection that failed is replaced at the next use, up to a number of times with no call done in between. An unused
one is closed after a while.
"""

import threading
from collections import Counter
from typing import TYPE_CHECKING

from flows.environments.mcp.connection import Connection, event_loop
from flows.environments.mcp.faults import ServerFault

if TYPE_CHECKING:
    from flows.settings.environments import McpServer

IDLE_S = 30.0
"""Seconds after which an unused connection is closed."""


class Pool:
    """The shared connections to one server."""

    def __init__(self, server: "McpServer") -> None:
        self.server = server
        self._lock = threading.Lock()
        self._users: Counter[Connection] = Counter()
        self._failures = 0
        """Connections that failed since a call was last done."""

    def acquire(self) -> Connection:
        """The connection with the fewest users, or a new one. Raises ServerFault."""
        with self._lock:
            for broken in [one for one in self._users if one.broken]:
                self._forget(broken)
            least = min(self._users, key=self._users.__getitem__, default=None)
            if least is None or (self._users[least] and len(self._users) < self.server.pool):
                least = self._opened()
            self._users[least] += 1
            return least

    def release(self, connection: Connection) -> None:
        """Give up a use of a connection."""
        with self._lock:
            if connection not in self._users:
                return
            self._users[connection] -= 1
            if connection.broken:
                self._forget(connection)
            elif not self._users[connection]:
                event_loop().call_soon_threadsafe(event_loop().call_later, IDLE_S, self._close_idle, connection)

    def succeeded(self) -> None:
        """Note that a call was done: the server works."""
        self._failures = 0

    def _opened(self) -> Connection:
        if self._failures > self.server.max_restarts:
            raise ServerFault("died", f"the MCP server {self.server.name} failed {self._failures} times; not restarted")
        try:
            return Connection(self.server)
        except ServerFault:
            self._failures += 1
            raise

    def _forget(self, connection: Connection) -> None:
        del self._users[connection]
        self._failures += 1
        threading.Thread(target=connection.close, name="mcp-close", daemon=True).start()

    def _close_idle(self, connection: Connection) -> None:
        """Close an unused connection; runs in the event loop, which `close` would wait for."""
        with self._lock:
            if self._users.get(connection) == 0:
                del self._users[connection]
                threading.Thread(target=connection.close, name="mcp-close", daemon=True).start()


_POOLS: list[Pool] = []
_LOCK = threading.Lock()


def pool_of(server: "McpServer") -> Pool:
    """The pool of a server with exactly these settings."""
    with _LOCK:
        for pool in _POOLS:
            if pool.server == server:
                return pool
        _POOLS.append(Pool(server))
        return _POOLS[-1]
