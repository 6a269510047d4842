"""Health checks of a teacher's servers, which detect dead and hanging servers and read their load.

About once per second each server is sent GET /health, then GET /metrics. A server that hangs is restarted by its
supervisor. A server that comes back passes a handshake before it is used.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import aiohttp

from flows.rollout.engines.servers.http_client import HttpClient
from flows.rollout.protocol import TeacherError
from flows.rollout.server_load import Load

LOG = logging.getLogger(__name__)

ReadMetrics = Callable[[bytes, Load], Load]
"""Reads a page of /metrics; the second argument holds the values that the page may leave out."""
Handshake = Callable[[str], Awaitable[object]]
"""Checks a server by its URL; raises TeacherError when it serves another model or lacks a feature."""


class Supervisor(Protocol):
    """Restarts a server when it dies."""

    starts: int
    failure: TeacherError | None
    """Set when the server is not restarted any more."""

    def restart(self) -> None:
        """End the server, which hangs, and start it anew."""
        ...


@dataclass(frozen=True)
class HealthChecks:
    """Seconds between two checks of a server, the timeout of a check, and the timeouts in a row that mark it down."""

    interval_s: float = 1.0
    timeout_s: float = 20.0
    max_failures: int = 3


@dataclass
class PooledServer:
    """A server with the result of its last health check."""

    load: Load
    supervisor: Supervisor | None = None
    failures: int = 0
    """Failed checks in a row."""
    recoveries: int = 0
    """Times that it came back after it was down."""
    timeouts: set[asyncio.Timeout] = field(default_factory=set)
    """Timeouts of the requests that wait for its reply."""
    check: "asyncio.Task[None] | None" = None
    """The check in progress, shared by all that wait for its result."""

    @property
    def incarnation(self) -> tuple[int, int]:
        """Differs after the server died and came back."""
        return self.recoveries, self.supervisor.starts if self.supervisor else 0


class HealthMonitor:
    """Checks servers in the background and records their health and load in each `PooledServer`."""

    def __init__(
        self,
        client: HttpClient,
        servers: Sequence[PooledServer],
        checks: HealthChecks,
        read_metrics: ReadMetrics | None,
    ) -> None:
        self._client = client
        self._servers = servers
        self._checks = checks
        self._read_metrics = read_metrics
        self._changed = asyncio.Event()
        self._handshake: Handshake | None = None

    async def wait_for_check(self) -> None:
        """Wait until the next check of some server has a result."""
        await self._changed.wait()

    @asynccontextmanager
    async def running(self, handshake: Handshake | None, down: Mapping[str, TeacherError]) -> AsyncIterator[None]:
        """As `ServerPool.monitored`."""
        self._handshake = handshake
        for server in self._servers:
            if server.load.server in down:
                self._mark(server, False, str(down[server.load.server]))
        await asyncio.gather(*(self._measure(server) for server in self._servers if server.load.up))
        tasks = [asyncio.create_task(self._monitor(server)) for server in self._servers]
        try:
            yield
        finally:
            tasks += [server.check for server in self._servers if server.check]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def died(self, server: PooledServer, incarnation: tuple[int, int]) -> bool:
        """True if the server is down or was restarted, and a server is left to continue on.

        Repeats the check until its result is certain.
        """
        await self._check(server)
        while server.failures and server.load.up:
            await asyncio.sleep(self._checks.interval_s / 5)
            await self._check(server)
        if server.load.up:
            return server.incarnation != incarnation
        return server.supervisor is not None or any(other.load.up for other in self._servers)

    async def _monitor(self, server: PooledServer) -> None:
        while True:
            await asyncio.sleep(self._checks.interval_s)
            try:
                await self._check(server)
                if server.load.up:
                    await self._measure(server)
            except Exception:
                LOG.exception("the health check of the teacher's server %s failed", server.load.server)

    async def _check(self, server: PooledServer) -> None:
        if server.check is None:
            server.check = asyncio.create_task(self._probe(server))
            server.check.add_done_callback(lambda _: setattr(server, "check", None))
        await asyncio.shield(server.check)

    async def _probe(self, server: PooledServer) -> None:
        """GET /health. An error status or a refused connection is certain at once, silence only after some checks."""
        reason, certain = "", True
        try:
            status = (await self._client.probe(f"{server.load.server}/health", self._checks.timeout_s)).status
            reason = f"/health answers {status}" if status >= 500 else ""
        except aiohttp.ClientConnectorError as error:
            reason = str(error.os_error)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            reason, certain = f"/health does not answer ({type(error).__name__})", False
        if reason:
            self._fail(server, reason, certain)
        elif server.load.up or await self._passes_handshake(server):
            server.failures = 0
            self._mark(server, True)

    def _fail(self, server: PooledServer, reason: str, certain: bool) -> None:
        server.failures += 1
        if certain or server.failures >= self._checks.max_failures:
            self._mark(server, False, reason)
        if server.failures >= self._checks.max_failures:
            while server.timeouts:
                server.timeouts.pop().reschedule(0)
        if server.supervisor and server.failures % (3 * self._checks.max_failures) == 0:
            server.supervisor.restart()

    async def _passes_handshake(self, server: PooledServer) -> bool:
        if self._handshake is None:
            return True
        try:
            await self._handshake(server.load.server)
        except TeacherError as error:
            LOG.warning("%s answers again but is not used: %s", server.load.server, error)
            return False
        return True

    def _mark(self, server: PooledServer, up: bool, reason: str = "") -> None:
        if up != server.load.up:
            LOG.warning("the teacher's server %s is %s", server.load.server, "up again" if up else f"down: {reason}")
            server.load = replace(server.load, up=up)
            server.recoveries += up
        self._changed.set()
        self._changed = asyncio.Event()

    async def _measure(self, server: PooledServer) -> None:
        if self._read_metrics is None:
            return
        with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError, ValueError, OverflowError):
            page = await self._client.probe(f"{server.load.server}/metrics", self._checks.timeout_s)
            if page.status == 200:
                server.load = self._read_metrics(page.raw, server.load)
