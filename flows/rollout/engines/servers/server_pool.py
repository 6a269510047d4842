"""The servers of one teacher: which of them are up, how loaded they are, and which one a session goes to.

A task looks at each server about once a second. A session stays with its own server, where its prefix is
cached; while that is down it goes to the next in its own order, and returns later; no other session moves.
Slow is not dead: a request waits for as long as its server answers /health.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar

import aiohttp

from flows.rollout.engines.servers.http_client import Wire
from flows.rollout.engines.servers.http_errors import Broken, Busy, Malformed, Passing, lasting, pause
from flows.rollout.protocol import Load, TeacherError, TeacherRefused

LOG = logging.getLogger(__name__)
DEATHS = 16
"""Servers that may die under one request: after so many it may be the request that kills them."""

Reply = TypeVar("Reply")
ReadMetrics = Callable[[bytes, Load], Load]
"""Reads a page of /metrics; the second argument holds the values that the page may leave out."""
Meet = Callable[[str], Awaitable[object]]
"""Asks a server who it is; raises TeacherError when it is none of ours."""


class Keeper(Protocol):
    """Who starts a server again when it dies."""

    starts: int
    failure: TeacherError | None
    """Set once it starts the server no more."""

    def renew(self) -> None:
        """End the server, which hangs, so that it is started again."""
        ...


@dataclass(frozen=True)
class Pace:
    """How often a server is looked at, how long a look may take, and how many silences in a row make it dead."""

    every_s: float = 1.0
    patience_s: float = 20.0
    misses: int = 3


@dataclass
class Server:
    """One server as it was last seen."""

    load: Load
    keeper: Keeper | None = None
    misses: int = 0
    """Looks in a row that it did not answer well."""
    lives: int = 0
    """Times that it was found up after it was down."""
    leashes: set[asyncio.Timeout] = field(default_factory=set)
    """Requests that wait for it."""
    look: "asyncio.Task[None] | None" = None
    """The look that is under way, shared by all who doubt the server."""

    @property
    def life(self) -> tuple[int, int]:
        """Changes when the server died and came back."""
        return self.lives, self.keeper.starts if self.keeper else 0


class Fleet:
    """Equal servers, pinned to by session; watched for as long as `watched` runs, and taken for up until then."""

    def __init__(
        self,
        wire: Wire,
        urls: Sequence[str],
        keepers: Mapping[str, Keeper] | None = None,
        pace: Pace | None = None,
        read_metrics: ReadMetrics | None = None,
    ) -> None:
        self._wire = wire
        self._read_metrics = read_metrics
        self._pace = pace or Pace()
        self._servers = {url: Server(Load(url), (keepers or {}).get(url)) for url in urls}
        self._news = asyncio.Event()
        self._meet: Meet | None = None

    def server(self, session: str) -> str:
        """The server that the session's next request goes to."""
        order = self._order(session)
        return next((server for server in order if server.load.up), order[0]).load.server

    def loads(self) -> list[Load]:
        """Every server as last seen, in the settings' order."""
        return [server.load for server in self._servers.values()]

    @asynccontextmanager
    async def watched(
        self, meet: Meet | None = None, absent: Mapping[str, TeacherError] | None = None
    ) -> AsyncIterator[None]:
        """Look at every server until the block ends; one that comes back must `meet` first, and so must the absent."""
        self._meet = meet
        for url, error in (absent or {}).items():
            self._set_up(self._servers[url], False, str(error))
        servers = list(self._servers.values())
        await asyncio.gather(*(self._measure(server) for server in servers if server.load.up))
        watches = [asyncio.create_task(self._watch(server)) for server in servers]
        try:
            yield
        finally:
            watches += [server.look for server in servers if server.look]
            for watch in watches:
                watch.cancel()
            await asyncio.gather(*watches, return_exceptions=True)

    async def ask(self, session: str, path: str, body: Sequence[bytes], read: Callable[[bytes], Reply]) -> Reply:
        """POST of a JSON body in pieces; `read` makes the reply of its bytes and raises Malformed when it cannot.

        A server that dies under the request is no try: it goes on elsewhere, or once the server is started again.
        Raises TeacherRefused when trying again is no use, else TeacherError after all tries.
        """
        tried = moves = deaths = 0
        while True:
            server = await self._place(session, moves)
            life = server.life
            try:
                return read(await self._fetch(server, path, body))
            except (Malformed, Passing) as problem:
                last = problem
            if isinstance(last, Busy):
                server.load = replace(server.load, refusals=server.load.refusals + 1)
            if isinstance(last, Broken) and await self._died(server, life):
                deaths += 1
                if deaths < DEATHS:
                    continue
                raise TeacherRefused(f"servers died {deaths} times under one request: it may be what kills them")
            tried += 1
            if tried == self._wire.tries:
                raise lasting(server.load.server, last, tried)
            moves += not isinstance(last, Busy) or tried % 2 == 0
            await asyncio.sleep(pause(tried - 1, last))

    def _order(self, session: str) -> list[Server]:
        return [self._servers[url] for url in pinned(list(self._servers), session)]

    async def _place(self, session: str, moves: int) -> Server:
        """The server to ask; waits while all are down and one is being started again."""
        while True:
            order = self._order(session)
            up = [server for server in order if server.load.up]
            if up or not order[0].keeper:
                return (up or order)[moves % len(up or order)]
            failures = [server.keeper.failure for server in order if server.keeper and server.keeper.failure]
            if len(failures) == len(order):
                raise failures[0]
            await self._news.wait()

    async def _fetch(self, server: Server, path: str, body: Sequence[bytes]) -> bytes:
        try:
            async with asyncio.timeout(None) as leash:
                server.leashes.add(leash)
                try:
                    return await self._wire.fetch(server.load.server + path, body)
                finally:
                    server.leashes.discard(leash)
        except TimeoutError as error:
            raise Broken("the server answers /health no more") from error

    async def _died(self, server: Server, life: tuple[int, int]) -> bool:
        """Whether the server is gone, or was, and there is somewhere to go on: looked at until it is sure."""
        await self._look(server)
        while server.misses and server.load.up:
            await asyncio.sleep(self._pace.every_s / 5)
            await self._look(server)
        if server.load.up:
            return server.life != life
        return server.keeper is not None or any(other.load.up for other in self._servers.values())

    async def _watch(self, server: Server) -> None:
        while True:
            await asyncio.sleep(self._pace.every_s)
            try:
                await self._look(server)
                if server.load.up:
                    await self._measure(server)
            except Exception:
                LOG.exception("the teacher's server %s could not be looked at", server.load.server)

    async def _look(self, server: Server) -> None:
        if server.look is None:
            server.look = asyncio.create_task(self._see(server))
            server.look.add_done_callback(lambda _: setattr(server, "look", None))
        await asyncio.shield(server.look)

    async def _see(self, server: Server) -> None:
        """Ask for /health: an answer that is none of a healthy server is evidence at once, silence only in time."""
        said, sure = "", True
        try:
            status, _ = await self._wire.look(f"{server.load.server}/health", self._pace.patience_s)
            said = f"/health says {status}" if status >= 500 else ""
        except aiohttp.ClientConnectorError as error:
            said = str(error)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            said, sure = f"/health is silent ({type(error).__name__})", False
        if said:
            self._miss(server, said, sure)
        elif server.load.up or await self._fit(server):
            server.misses = 0
            self._set_up(server, True)

    def _miss(self, server: Server, said: str, sure: bool) -> None:
        server.misses += 1
        if sure or server.misses >= self._pace.misses:
            self._set_up(server, False, said)
        if server.misses >= self._pace.misses:
            while server.leashes:
                server.leashes.pop().reschedule(0)
        if server.keeper and server.misses % (3 * self._pace.misses) == 0:
            server.keeper.renew()

    async def _fit(self, server: Server) -> bool:
        if self._meet is None:
            return True
        try:
            await self._meet(server.load.server)
        except TeacherError as error:
            LOG.warning("%s answers again, but is left out: %s", server.load.server, error)
            return False
        return True

    def _set_up(self, server: Server, up: bool, said: str = "") -> None:
        if up != server.load.up:
            LOG.warning("the teacher's server %s is %s", server.load.server, "up again" if up else f"down: {said}")
            server.load = replace(server.load, up=up)
            server.lives += up
        self._news.set()
        self._news = asyncio.Event()

    async def _measure(self, server: Server) -> None:
        if self._read_metrics is None:
            return
        with contextlib.suppress(TimeoutError, aiohttp.ClientError, OSError, ValueError, OverflowError):
            status, page = await self._wire.look(f"{server.load.server}/metrics", self._pace.patience_s)
            if status == 200:
                server.load = self._read_metrics(page, server.load)


def pinned(urls: Sequence[str], session: str) -> list[str]:
    """The servers in a session's own order: the first keeps its prefix cache, the others stand in for it."""
    return sorted(urls, key=lambda url: hashlib.sha256(f"{session} {url}".encode()).digest())
