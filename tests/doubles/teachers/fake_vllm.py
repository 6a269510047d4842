"""A local HTTP server that answers as vLLM's /v1/completions does, with token ids over the tiny tokenizer.

Its replies depend only on the prompt and the seed, so a rollout against it is deterministic however often it is killed.
It counts the completions that it sampled, has a KV cache (`fake_kv`), and can fail, die and restart on demand. It runs
in a thread for tests, or as a process (`python -m tests.doubles.teachers.fake_vllm`) for benchmarks.
"""

import argparse
import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from aiohttp import web

from tests.doubles.teachers.fake_endpoints import application
from tests.doubles.teachers.fake_replies import Body, Fault, agent_reply, assistant_turns, digest
from tests.doubles.teachers.fake_state import Exchange, FakeState, Health, Reply

__all__ = [
    "Body", "Exchange", "FakeVllm", "Fault", "Health", "Reply", "agent_reply", "assistant_turns", "digest", "fake_vllm",
    "running", "serve",
]  # fmt: skip


class FakeVllm(FakeState):
    """The server: its state, and methods that kill and restart it from another thread."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runner: web.AppRunner | None = None
        self._crashing: asyncio.Task[None] | None = None

    def application(self) -> web.Application:
        """The HTTP endpoints."""
        return application(self)

    def die(self) -> None:
        """Cut every connection and stop listening, as a killed process does. Call it from another thread."""
        self._wait_for(self._stop())

    def terminate(self) -> None:
        """End as vLLM does on SIGTERM: abort every generation with the ids so far, then stop listening."""
        self._wait_for(self._terminate())

    def restart(self) -> None:
        """Listen again on the same port, with an empty cache and counters at 0. Call it from another thread."""
        self._wait_for(self._start(self._port))

    def crash(self) -> None:
        """Die, and restart 0.1 s later. Call it from an endpoint."""
        self._crashing = asyncio.create_task(self._crash())

    @property
    def _port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    async def _start(self, port: int) -> None:
        self.reset()
        self._runner = web.AppRunner(
            self.application(), shutdown_timeout=0.1, handler_cancellation=True, access_log=None
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=self.tls).start()
        self.url = f"http{'s' if self.tls else ''}://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _stop(self) -> None:
        runner, self._runner = self._runner, None
        if runner is None:
            return
        for site in list(runner.sites):
            await site.stop()
        for connection in runner.server.connections if runner.server else []:
            if connection.transport is not None:
                connection.transport.abort()
        await runner.cleanup()

    async def _terminate(self) -> None:
        self.ending.set()
        while self.in_flight:
            await asyncio.sleep(0.001)
        await self._stop()

    async def _crash(self) -> None:
        await self._stop()
        await asyncio.sleep(0.1)
        await self._start(self._port)

    def _run(self, loop: asyncio.AbstractEventLoop, started: threading.Event) -> None:
        asyncio.set_event_loop(loop)
        self._loop = loop
        loop.run_until_complete(self._start(0))
        started.set()
        loop.run_forever()
        if self._crashing:
            self._crashing.cancel()
        loop.run_until_complete(self._stop())
        loop.close()

    def _wait_for(self, work: Coroutine[Any, Any, None]) -> None:
        if self._loop is None:
            raise RuntimeError("the fake vLLM server does not run in a thread")
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


Fake = TypeVar("Fake", bound=FakeVllm)


@contextmanager
def fake_vllm(**settings: Any) -> Iterator[FakeVllm]:
    """A server on a free loopback port, in its own thread, while the block runs."""
    with running(FakeVllm(**settings)) as fake:
        yield fake


@contextmanager
def running(fake: Fake) -> Iterator[Fake]:
    """Run a fake server in a thread of its own while the block runs."""
    started, loop = threading.Event(), asyncio.new_event_loop()
    thread = threading.Thread(target=fake._run, args=(loop, started), daemon=True)
    thread.start()
    if not started.wait(10):
        raise RuntimeError("the fake vLLM server did not start")
    try:
        yield fake
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def serve(fake: FakeVllm, port: int) -> None:
    """Run the server on the port until cancelled, and print its URL; for a process of its own."""
    await fake._start(port)
    print(fake.url, flush=True)
    await asyncio.Event().wait()


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds per completion")
    parser.add_argument("--turns", type=int, default=3, help="assistant turns per episode")
    parser.add_argument("--context", type=int, default=262_144)
    parser.add_argument("--prefill", type=float, default=0.0, help="seconds per prompt token that is not cached")
    parser.add_argument("--decode", type=float, default=0.0, help="seconds per sampled token")
    parser.add_argument("--kv-tokens", type=int, default=None, help="capacity of the KV cache in tokens, 0 for none")
    parser.add_argument("--block-size", type=int, default=16, help="tokens per KV block")
    parser.add_argument("--max-running", type=int, default=1_000_000, help="completions that run at the same time")
    options = parser.parse_args()
    fake = FakeVllm(
        delay_s=options.delay, context=options.context, prefill_s=options.prefill, decode_s=options.decode,
        keep_exchanges=False, kv_tokens=options.kv_tokens, block_size=options.block_size,
        max_running=options.max_running,
    )  # fmt: skip
    fake.reply = lambda prompt, body: agent_reply(prompt, body, options.turns)

    asyncio.run(serve(fake, options.port))


if __name__ == "__main__":
    _main()
