"""A proxy in front of an S3 server with the faults of networks and stores: 500, 503 SlowDown, resets, cut responses.

The failing requests follow from the seed and the request's number. The proxy counts received requests and those
that reached the server, so that a test can find bytes sent twice. It can also drop headers of requests, as some
stores ignore them (in front of a server that checks no signatures), and flip a bit of a body.
"""

import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from yarl import URL

from tests.doubles.stores.app_thread import running_app

SLOW_DOWN = (
    "<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
FAULTS = ("500", "503", "reset", "cut")


@dataclass
class FaultyS3:
    """The faults to inject, and the requests that passed."""

    behind: str
    share: float = 0.2
    seed: int = 0
    endpoint: str = ""
    seen: Counter[str] = field(default_factory=Counter)
    """Number of requests by outcome."""
    bytes_in: int = 0
    """Bytes of bodies that reached the server."""
    ignores: frozenset[str] = frozenset()
    """Headers of requests, in lower case, that do not reach the server."""
    flips: bool = False
    """True if a bit flips in each body of a kilobyte or more."""
    writes_left: int | None = None
    """Writing requests that still pass; all later ones are refused, as those of a process that has ended."""
    acknowledged: dict[str, int] = field(default_factory=dict)
    """Path of an object or part -> bytes that the sender got a success response for."""
    sent_again: dict[str, int] = field(default_factory=dict)
    """Bytes that came once more after that."""

    def is_ended(self, method: str) -> bool:
        """True for a writing request after the last that passes; counts it otherwise."""
        if self.writes_left is None or method in ("GET", "HEAD"):
            return False
        self.writes_left -= 1
        return self.writes_left < 0

    def count(self, request: web.Request, size: int, stored: bool) -> None:
        """Note the body of a PUT that reached the server, and if its sender got the whole of a success response."""
        place = f"{request.path}?{request.query.get('partNumber', '')}"
        if request.method == "PUT" and size:
            if place in self.acknowledged:
                self.sent_again[place] = self.sent_again.get(place, 0) + size
            if stored:
                self.acknowledged[place] = size


@contextmanager
def faulty(
    behind: str, share: float = 0.2, seed: int = 0, ignores: frozenset[str] = frozenset(), flips: bool = False
) -> Iterator[FaultyS3]:
    """A proxy on a free loopback port, in a thread of its own."""
    proxy = FaultyS3(behind, share, seed, ignores=ignores, flips=flips)

    @asynccontextmanager
    async def opened() -> AsyncIterator[web.Application]:
        async with aiohttp.ClientSession(auto_decompress=False) as session:
            dice = random.Random(proxy.seed)
            app = web.Application(client_max_size=1 << 30)

            async def forward(request: web.Request) -> web.StreamResponse:
                return await _forward(proxy, session, dice, request)

            app.router.add_route("*", "/{tail:.*}", forward)
            yield app

    with running_app(opened) as proxy.endpoint:
        yield proxy


async def _forward(
    proxy: FaultyS3, session: aiohttp.ClientSession, dice: random.Random, request: web.Request
) -> web.StreamResponse:
    fault = dice.choice(FAULTS) if dice.random() < proxy.share else None
    body = await request.read()
    if proxy.is_ended(request.method):
        fault = "503"
    proxy.seen[fault or "ok"] += 1
    if fault == "reset":
        return _gone(request)
    if fault in {"500", "503"}:
        return web.Response(status=int(fault), text=SLOW_DOWN, content_type="application/xml")
    proxy.bytes_in += len(body)
    url = f"{proxy.behind}{request.raw_path}"
    if proxy.flips and len(body) >= 1024:
        body = bytes([body[0] ^ 1]) + body[1:]
    passed = {name: value for name, value in request.headers.items() if name.lower() not in proxy.ignores}
    async with session.request(request.method, URL(url, encoded=True), headers=passed, data=body or None) as answer:
        raw = await answer.read()
        proxy.count(request, len(body), stored=answer.ok and fault is None)
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
        response = web.StreamResponse(status=answer.status, headers=kept)
        await response.prepare(request)
        if fault == "cut":
            await response.write(raw[: len(raw) // 2])
            return _gone(request)
        await response.write(raw)
        await response.write_eof()
        return response


HOP = {"transfer-encoding", "connection", "keep-alive", "date", "server"}


def _gone(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()
