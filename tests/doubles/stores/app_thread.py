"""Runs an aiohttp application in a thread of its own on a free loopback port, for doubles of stores."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager

from aiohttp import web

START_TIMEOUT_S = 10


@contextmanager
def running_app(opened: Callable[[], AbstractAsyncContextManager[web.Application]]) -> Iterator[str]:
    """Yield the url of the application, which is opened inside the thread's event loop and closed at the end."""
    started, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()
    addresses: list[str] = []

    async def serve() -> None:
        async with opened() as app:
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            addresses.append(f"http://127.0.0.1:{runner.addresses[0][1]}")
            started.set()
            await stop.wait()
            await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    if not started.wait(START_TIMEOUT_S):
        raise RuntimeError("the application did not start")
    try:
        yield addresses[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(START_TIMEOUT_S)
