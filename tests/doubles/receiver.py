"""A receiver of alerts: an HTTP server on loopback that records each message, refuses it, or never answers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.doubles.stores.app_thread import running_app


@dataclass
class Receiver:
    """The address in Apprise's form, and the messages received so far."""

    address: str = ""
    received: list[dict[str, Any]] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [message["message"] for message in self.received]


@contextmanager
def receiver(path: str = "", *, status: int = 200, delay_s: float = 0.0) -> Iterator[Receiver]:
    """A receiver at `json://127.0.0.1:PORT/path` that answers with `status` after `delay_s` seconds."""
    inbox = Receiver()

    async def take(request: web.Request) -> web.Response:
        inbox.received.append(await request.json())
        await asyncio.sleep(delay_s)
        return web.Response(status=status)

    @asynccontextmanager
    async def opened() -> AsyncIterator[web.Application]:
        app = web.Application()
        app.router.add_post("/{path:.*}", take)
        yield app

    with running_app(opened) as url:
        inbox.address = url.replace("http://", "json://") + "/" + path
        yield inbox
