"""A real local HTTP server that speaks vLLM's /v1/completions with token ids, over the tiny tokenizer.

Its replies are a function of the prompt and the seed, so a rollout against it is deterministic however
often it is killed; it counts every completion that it sampled, keeps a KV cache (`fake_kv`), and can be told
to misbehave, to die and to rise again. In a thread for tests, as a process
(`python -m tests.doubles.teachers.fake_vllm`) for benchmarks.
"""

import argparse
import asyncio
import ssl
import threading
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
from aiohttp import web

from tests.doubles.teachers import fake_replies as words
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_kv import Cost, KvCache, Queue
from tests.doubles.teachers.fake_replies import Body, Fault, agent_reply, assistant_turns, digest

__all__ = ["Body", "Exchange", "FakeVllm", "Fault", "agent_reply", "assistant_turns", "digest", "fake_vllm", "serve"]

Reply = Callable[[list[int], Body], str]
"""What to say to a prompt: text in which special tokens are written by name. The end-of-turn is added."""

Health = Literal["ok", "503", "silent"]


@dataclass(frozen=True)
class Exchange:
    """One completion as the server knows it: the ids that it was sent and the ids that it sampled."""

    prompt_ids: tuple[int, ...]
    token_ids: tuple[int, ...]
    body: Body


@dataclass
class FakeVllm:
    """What the server is to do, and what it did."""

    url: str = ""
    model: str = "tiny-qwen3"
    version: str = "0.32.0"
    context: int = 32_768
    delay_s: float = 0.0
    """Seconds that each completion takes."""
    prefill_s: float = 0.0
    """Seconds more for each prompt token that the KV cache does not hold."""
    decode_s: float = 0.0
    """Seconds more for each sampled token."""
    kv_tokens: int | None = None
    """Tokens that the KV cache holds; None: 64 contexts, 0: no cache, and nothing is said of one."""
    block_size: int = 16
    max_running: int = 1_000_000
    """Completions that run side by side; the others wait."""
    health: Health = "ok"
    """What /health answers: 503, or nothing at all."""
    deadly: bool = False
    """Whether a completion request kills the server, which rises again a moment later."""
    tls: ssl.SSLContext | None = None
    """Speaks https with it."""
    metrics: bool = True
    """Whether there is a /metrics."""
    api_key: str | None = None
    reply: Reply = field(default_factory=lambda: agent_reply)
    faults: deque[Fault] = field(default_factory=deque)
    """Each completion request takes the next fault; after the last all is well again."""
    always: Fault | None = None
    """A fault of every completion request."""
    retry_after: str = "0"
    exchanges: list[Exchange] = field(default_factory=list)
    """Every completion that was sampled and sent back whole."""
    keeps: bool = True
    """Whether exchanges are kept: a long benchmark has no room for them."""
    requests: int = 0
    """Completion requests, those answered with a fault too."""
    sampled: int = 0
    """Completions sampled, also those that were damaged or cut on their way back."""
    in_flight: int = 0
    most_in_flight: int = 0
    refuses: frozenset[str] = frozenset()
    """Words of a request that are answered with 400."""

    def __post_init__(self) -> None:
        self.sampled_tokens = 0
        self.queue = self._empty()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runner: web.AppRunner | None = None
        self._collapsing: asyncio.Task[None] | None = None

    def die(self) -> None:
        """Cut every connection and stop listening, as a process that is killed; call it from another thread."""
        self._do(self._end())

    def rise(self) -> None:
        """Listen again on the same port, with an empty cache and counters at 0."""
        self._do(self._begin(int(self.url.rsplit(":", 1)[1])))

    async def _begin(self, port: int) -> None:
        self.sampled_tokens, self.queue = 0, self._empty()
        self._runner = await _start(self, port)

    async def _end(self) -> None:
        runner, self._runner = self._runner, None
        if runner is None:
            return
        for site in list(runner.sites):
            await site.stop()
        for connection in runner.server.connections if runner.server else []:
            if connection.transport is not None:
                connection.transport.abort()
        await runner.cleanup()

    async def _collapse(self) -> None:
        await self._end()
        await asyncio.sleep(0.1)
        await self._begin(int(self.url.rsplit(":", 1)[1]))

    def _empty(self) -> Queue:
        tokens = self.context * 64 if self.kv_tokens is None else self.kv_tokens
        return Queue(KvCache(tokens, self.block_size), self.max_running)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        if self._loop is None:
            raise RuntimeError("the fake vLLM server runs in no thread")
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


@contextmanager
def fake_vllm(**settings: Any) -> Iterator[FakeVllm]:
    """A server on a free loopback port, in a thread of its own, for as long as the block runs."""
    fake, started = FakeVllm(**settings), threading.Event()
    loop = asyncio.new_event_loop()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        fake._loop = loop
        loop.run_until_complete(fake._begin(0))
        started.set()
        loop.run_forever()
        if fake._collapsing:
            fake._collapsing.cancel()
        loop.run_until_complete(fake._end())
        loop.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    if not started.wait(10):
        raise RuntimeError("the fake vLLM server did not start")
    try:
        yield fake
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def serve(fake: FakeVllm, port: int) -> None:
    """Be the server on this port until cancelled, and say where, for a process of its own."""
    await _start(fake, port)
    print(fake.url, flush=True)
    await asyncio.Event().wait()


async def _start(fake: FakeVllm, port: int = 0) -> web.AppRunner:
    async def completions(request: web.Request) -> web.StreamResponse:
        return await _completions(fake, request)

    async def tokenize(request: web.Request) -> web.Response:
        ids = tiny.encode((await request.json())["prompt"])
        return web.json_response({"tokens": ids, "count": len(ids), "max_model_len": fake.context})

    async def detokenize(request: web.Request) -> web.Response:
        return web.json_response({"prompt": tiny.decode((await request.json())["tokens"])})

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(text=_metrics(fake)) if fake.metrics else web.Response(status=404)

    async def models(request: web.Request) -> web.Response:
        card = {"id": fake.model, "object": "model", "root": fake.model, "max_model_len": fake.context}
        return web.json_response({"object": "list", "data": [card]})

    async def version(request: web.Request) -> web.Response:
        return web.json_response({"version": fake.version})

    async def health(request: web.Request) -> web.Response:
        if fake.health == "silent":
            await asyncio.sleep(60)
        return web.Response(status=200 if fake.health == "ok" else 503)

    async def counters(request: web.Request) -> web.Response:
        return web.json_response({"sampled": fake.sampled, "requests": fake.requests, "most": fake.most_in_flight})

    app = web.Application(client_max_size=64 << 20)
    app.router.add_post("/v1/completions", completions)
    app.router.add_post("/tokenize", tokenize)
    app.router.add_post("/detokenize", detokenize)
    for path, answer in (("metrics", metrics), ("v1/models", models), ("version", version), ("health", health)):
        app.router.add_get(f"/{path}", answer)
    app.router.add_get("/counters", counters)
    runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=fake.tls)
    await site.start()
    fake.url = f"http{'s' if fake.tls else ''}://127.0.0.1:{runner.addresses[0][1]}"
    return runner


async def _completions(fake: FakeVllm, request: web.Request) -> web.StreamResponse:
    fake.requests += 1
    fault = fake.faults.popleft() if fake.faults else fake.always
    if fake.api_key and request.headers.get("Authorization") != f"Bearer {fake.api_key}":
        return words.error(401, "Unauthorized", {})
    body = orjson.loads(await request.read())
    if fault in {"400", "429", "500", "503"}:
        return words.error(int(fault), f"told to answer {fault}", {"Retry-After": fake.retry_after})
    if fault == "cut":
        return words.cut(request)
    if fake.deadly:
        fake._collapsing = asyncio.create_task(fake._collapse())
        await asyncio.sleep(60)
    refused = fake.refuses & body.keys()
    if refused:
        return words.error(400, f"Unrecognized request arguments: {', '.join(sorted(refused))}", {})
    prompt: list[int] = body["prompt"]
    if fake.context - len(prompt) < body.get("max_tokens", 16):
        text = f"This model's maximum context length is {fake.context} tokens, your request has {len(prompt)} input"
        return words.error(400, text, {})
    fake.in_flight += 1
    fake.most_in_flight = max(fake.most_in_flight, fake.in_flight)
    try:
        if fault == "slow":
            await asyncio.sleep(60)
        return await _answer(fake, request, body, fault)
    finally:
        fake.in_flight -= 1


async def _answer(fake: FakeVllm, request: web.Request, body: Body, fault: Fault | None) -> web.StreamResponse:
    prompt: list[int] = body["prompt"]
    ids = [*tiny.encode(fake.reply(prompt, body)), tiny.IM_END]
    ids, reason = words.ended(ids, body)
    cached = await _work(fake, prompt, ids)
    fake.sampled += 1
    fake.sampled_tokens += len(ids)
    raw = orjson.dumps(words.damaged(words.completion(fake.model, body, prompt, ids, reason, cached), fault))
    if fault == "bad_json":
        raw = raw[: len(raw) // 2]
    if fault == "cut_body":
        return await words.cut_body(request, raw)
    if fault is None and fake.keeps:
        fake.exchanges.append(Exchange(tuple(prompt), tuple(ids), body))
    return web.Response(body=raw, content_type="application/json")


async def _work(fake: FakeVllm, prompt: list[int], ids: list[int]) -> int | None:
    cost = Cost(fake.delay_s, fake.prefill_s, fake.decode_s)
    if fake.kv_tokens == 0:
        await asyncio.sleep(cost.seconds(len(prompt), len(ids)))
        return None
    return await fake.queue.run(prompt, ids, cost)


def _metrics(fake: FakeVllm) -> str:
    running = fake.in_flight if fake.kv_tokens == 0 else None
    return words.metrics_page(fake.model, fake.queue, fake.block_size, fake.sampled_tokens, running)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds that each completion takes")
    parser.add_argument("--turns", type=int, default=3, help="assistant turns of an episode")
    parser.add_argument("--context", type=int, default=262_144)
    parser.add_argument("--prefill", type=float, default=0.0, help="seconds a prompt token that is not cached")
    parser.add_argument("--decode", type=float, default=0.0, help="seconds a sampled token")
    parser.add_argument("--kv-tokens", type=int, default=None, help="tokens that the KV cache holds, 0 for no cache")
    parser.add_argument("--block-size", type=int, default=16, help="tokens of a KV block")
    parser.add_argument("--max-running", type=int, default=1_000_000, help="completions that run side by side")
    said = parser.parse_args()
    fake = FakeVllm(
        delay_s=said.delay, context=said.context, prefill_s=said.prefill, decode_s=said.decode, keeps=False,
        kv_tokens=said.kv_tokens, block_size=said.block_size, max_running=said.max_running,
    )  # fmt: skip
    fake.reply = lambda prompt, body: agent_reply(prompt, body, said.turns)

    asyncio.run(serve(fake, said.port))


if __name__ == "__main__":
    _main()
