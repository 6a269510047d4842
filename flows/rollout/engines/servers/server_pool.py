"""Pool of a teacher's servers with session affinity for the prefix cache, failover and retries.

A session stays with one server, chosen by rendezvous hashing, so that it finds its prefix in the prefix cache there.
While that server is down, the session uses the next one in its order, and returns later; no other session moves.
A slow server is not down: a request waits for as long as its server answers /health.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import TypeVar

from flows.rollout.engines.servers.health_checks import (
    Handshake,
    HealthChecks,
    HealthMonitor,
    PooledServer,
    ReadMetrics,
    Supervisor,
)
from flows.rollout.engines.servers.http_client import HttpClient
from flows.rollout.engines.servers.http_errors import (
    GenerationAborted,
    MalformedReply,
    Overloaded,
    Retryable,
    ServerDown,
    retries_exhausted,
    retry_delay,
)
from flows.rollout.protocol import TeacherError, TeacherRefused
from flows.rollout.server_load import Load

MAX_DEATHS = 16
"""Servers that may die during one request; after that the request itself is the likely cause."""

Reply = TypeVar("Reply")
Check = Callable[[str, Reply], Awaitable[None]]
"""Checks the reply of the server with that URL; raises GenerationAborted or another Retryable to ask again."""


@dataclass
class Tries:
    """The failures of one request: failed tries on servers that live, moves to the next server, deaths of servers."""

    failed: int = 0
    moves: int = 0
    deaths: int = 0

    def count_death(self) -> None:
        """Forget the failures before the death. Raises TeacherRefused after MAX_DEATHS."""
        self.failed, self.deaths = 0, self.deaths + 1
        if self.deaths == MAX_DEATHS:
            raise TeacherRefused(f"servers died {self.deaths} times during one request: the request may be the cause")


class ServerPool:
    """Interchangeable servers with session affinity.

    Health checks run inside `monitored()`; before that every server counts as up. `read_metrics` reads the engine's
    /metrics; without it only the servers' health is known.
    """

    def __init__(
        self,
        client: HttpClient,
        urls: Sequence[str],
        supervisors: Mapping[str, Supervisor] | None = None,
        checks: HealthChecks | None = None,
        read_metrics: ReadMetrics | None = None,
    ) -> None:
        self._client = client
        self._servers = {url: PooledServer(Load(url), (supervisors or {}).get(url)) for url in urls}
        self._monitor = HealthMonitor(client, list(self._servers.values()), checks or HealthChecks(), read_metrics)

    def server(self, session: str) -> str:
        """URL of the server that the session's next request goes to."""
        order = self._order(session)
        return next((server for server in order if server.load.up), order[0]).load.server

    def set_capacity(self, url: str, kv_tokens: int | None) -> None:
        """Set the size of a server's KV cache in tokens, for an engine whose metrics do not report it."""
        server = self._servers[url]
        server.load = replace(server.load, kv_tokens=kv_tokens)

    def loads(self) -> list[Load]:
        """The last known load of every server, in the order of the settings."""
        return [server.load for server in self._servers.values()]

    def monitored(
        self, handshake: Handshake | None = None, down: Mapping[str, TeacherError] | None = None
    ) -> AbstractAsyncContextManager[None]:
        """Check every server until the block ends.

        A server that comes back, or that is `down` at the start, must pass the `handshake` before it is used.
        """
        return self._monitor.running(handshake, down or {})

    async def request(
        self, session: str, path: str, body: Sequence[bytes], read: Callable[[bytes], Reply],
        check: Check[Reply] | None = None,
    ) -> Reply:  # fmt: skip
        """POST a JSON body in pieces; `read` parses the reply and raises MalformedReply when it cannot.

        The death of a server does not count as a try, nor do the tries before it: the request continues on another
        server, or after the restart. A generation that a server aborted is requested again, as after any transient
        failure; a server that shuts down aborts first.
        Raises TeacherRefused when a retry cannot help, else TeacherError after the last try.
        """
        tries, previous, incarnation = Tries(), None, (0, 0)
        while True:
            server = await self._choose(session, tries.moves)
            if server is previous and server.incarnation != incarnation:
                tries.count_death()
            previous, incarnation = server, server.incarnation
            try:
                return await self._try(server, path, body, read, check)
            except (MalformedReply, Retryable) as problem:
                last = problem
            if isinstance(last, ServerDown | GenerationAborted) and await self._monitor.died(server, incarnation):
                tries.count_death()
                previous = None
                continue
            tries.failed += 1
            if tries.failed == self._client.tries:
                raise retries_exhausted(server.load.server, last, tries.failed)
            tries.moves += not isinstance(last, Overloaded) or tries.failed % 2 == 0
            await asyncio.sleep(retry_delay(tries.failed - 1, last))

    async def _try(
        self, server: PooledServer, path: str, body: Sequence[bytes], read: Callable[[bytes], Reply],
        check: Check[Reply] | None,
    ) -> Reply:  # fmt: skip
        """Send the request once, and count a refusal or an aborted generation in the server's load."""
        try:
            reply = read(await self._send(server, path, body))
            if check:
                await check(server.load.server, reply)
        except Overloaded:
            server.load = replace(server.load, refusals=server.load.refusals + 1)
            raise
        except GenerationAborted as aborted:
            tokens = server.load.discarded_tokens + aborted.tokens
            server.load = replace(server.load, discarded=server.load.discarded + 1, discarded_tokens=tokens)
            raise
        return reply

    def _order(self, session: str) -> list[PooledServer]:
        return [self._servers[url] for url in rendezvous_order(list(self._servers), session)]

    async def _choose(self, session: str, moves: int) -> PooledServer:
        """The server of the next try; waits while every server is down and one is being restarted."""
        while True:
            order = self._order(session)
            up = [server for server in order if server.load.up]
            if up or not order[0].supervisor:
                return (up or order)[moves % len(up or order)]
            failures = [
                server.supervisor.failure for server in order if server.supervisor and server.supervisor.failure
            ]
            if len(failures) == len(order):
                raise failures[0]
            await self._monitor.wait_for_check()

    async def _send(self, server: PooledServer, path: str, body: Sequence[bytes]) -> bytes:
        try:
            async with asyncio.timeout(None) as timeout:
                server.timeouts.add(timeout)
                try:
                    return await self._client.send(server.load.server + path, body)
                finally:
                    server.timeouts.discard(timeout)
        except TimeoutError as error:
            raise ServerDown("the server stopped answering /health") from error


def rendezvous_order(urls: Sequence[str], session: str) -> list[str]:
    """The servers in a session's own order (rendezvous hashing, Thaler and Ravishankar 1998).

    The first holds the session's prefix cache; the others replace it, in order, while it is down.
    """
    if len(urls) == 1:
        return list(urls)
    return sorted(urls, key=lambda url: hashlib.sha256(f"{session} {url}".encode()).digest())
