"""Local HTTP servers that answer as OpenAI's chat completions and Anthropic's messages do, written after their docs.

Each refuses what the real one refuses: a missing key, a call without its result, a thinking block that was changed. A
reply depends only on the conversation, so that a rollout that is killed and resumed ends with the same text.
"""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import orjson
from aiohttp import web

from tests.doubles.stores.app_thread import running_app

Json = dict[str, Any]
Fault = Literal["429", "529", "500", "401", "quota", "too_long", "cut", "bad_json", "no_usage", "redirect", "echo_key"]
"""Failures of a request, one of each kind that the real services document, and some of proxies before them."""


@dataclass(frozen=True)
class Spoken:
    """One reply of the model: text, reasoning, calls as (name, arguments), why it stops (None: the plain reason)."""

    text: str = ""
    reasoning: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    reason: str | None = None


Speaker = Callable[[int, Json], Spoken]
"""(number of assistant turns so far, the request's body) -> the model's reply."""


def searcher(turn: int, body: Json) -> Spoken:
    """Searches twice, thinks before each call, and then answers."""
    mark = hashlib.sha256(orjson.dumps([turn, str(body["messages"])[:400]])).hexdigest()[:6]
    if turn >= 2:
        return Spoken(f"The answer is {mark}.")
    return Spoken("", f"I look for {mark}.", (("search", {"query": f"page {mark}"}),))


class ApiForm(Protocol):
    """One API: its paths, its checks of a request, its replies and errors."""

    path: str

    def key(self, request: web.Request) -> str | None: ...

    def problem(self, body: Json) -> str | None: ...

    def turns(self, body: Json) -> int: ...

    def prefixes(self, body: Json) -> list[str]: ...

    def reply(self, fake: "FakeApi", body: Json, spoken: Spoken, tokens: tuple[int, int, int]) -> Json: ...

    def error(self, status: int, message: str, code: str) -> Json: ...


@dataclass
class FakeApi:
    """The behaviour of the server, which tests may change at any time, and its counters."""

    form: ApiForm
    url: str = ""
    api_key: str = "s3cret-key"
    model: str = "big-model"
    context: int = 100_000
    speak: Speaker = field(default_factory=lambda: searcher)
    faults: deque[Fault] = field(default_factory=deque)
    always: Fault | None = None
    retry_after: str | None = "0"
    headers: dict[str, str] = field(default_factory=dict)
    """Headers of every reply, such as rate limits."""
    delay_s: float = 0.0
    bodies: list[Json] = field(default_factory=list)
    """Requests that were answered, in order."""
    requests: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    cached: set[str] = field(default_factory=set)


@contextmanager
def fake_api(form: ApiForm, **settings: Any) -> Iterator[FakeApi]:
    """A server on a free loopback port, in its own thread, while the block runs."""
    fake = FakeApi(form, **settings)
    with running_app(lambda: _application(fake)) as fake.url:
        yield fake


@asynccontextmanager
async def _application(fake: FakeApi) -> AsyncIterator[web.Application]:
    async def generate(request: web.Request) -> web.StreamResponse:
        fake.requests += 1
        fake.in_flight += 1
        fake.most_in_flight = max(fake.most_in_flight, fake.in_flight)
        try:
            return await _generate(fake, request)
        finally:
            fake.in_flight -= 1

    async def models(request: web.Request) -> web.Response:
        if fake.form.key(request) != fake.api_key:
            return _error(fake, 401, "invalid key", "authentication_error")
        return web.json_response({"object": "list", "data": [{"id": fake.model, "context_length": fake.context}]})

    app = web.Application(client_max_size=64 << 20)
    app.router.add_post(fake.form.path, generate)
    app.router.add_get("/v1/models", models)
    yield app


async def _generate(fake: FakeApi, request: web.Request) -> web.StreamResponse:
    if fake.form.key(request) != fake.api_key:
        return _error(fake, 401, "invalid key", "authentication_error")
    fault = fake.faults.popleft() if fake.faults else fake.always
    if fault and (failed := _failure(fake, request, fault)):
        return failed
    body: Json = orjson.loads(await request.read())
    await asyncio.sleep(fake.delay_s)
    prefixes = fake.form.prefixes(body)
    prompt = len(prefixes[-1]) // 4
    if problem := fake.form.problem(body):
        return _error(fake, 400, problem, "invalid_request_error")
    if (
        fault == "too_long"
        or prompt + int(body.get("max_tokens") or body.get("max_completion_tokens") or 0) > fake.context
    ):
        text = f"prompt is too long: {prompt} tokens > {fake.context} maximum context length"
        return _error(fake, 400, text, "context_length_exceeded")
    cached = max((len(one) // 4 for one in prefixes if one in fake.cached), default=0)
    fake.cached.update(prefixes)
    spoken = fake.speak(fake.form.turns(body), body)
    sampled = 10 + len(spoken.text + spoken.reasoning) // 4
    reply = fake.form.reply(fake, body, spoken, (prompt, cached, sampled))
    if fault == "no_usage":
        del reply["usage"]
    else:
        fake.bodies.append(body)
    raw = orjson.dumps(reply)
    raw = raw[:-9] if fault == "bad_json" else raw
    return web.Response(body=raw, content_type="application/json", headers=fake.headers)


def _failure(fake: FakeApi, request: web.Request, fault: Fault) -> web.Response | None:
    if fault == "cut":
        if request.transport:
            request.transport.abort()
        return web.Response()
    if fault == "quota":
        return _error(fake, 429, "You exceeded your current quota", "insufficient_quota")
    if fault == "echo_key":
        return _error(fake, 400, f"bad header {fake.form.key(request)}", "invalid_request_error")
    if fault == "redirect":
        return web.Response(status=307, headers={"Location": f"{fake.url}/elsewhere"})
    return _error(fake, int(fault), f"fault {fault}", "overloaded_error") if fault.isdigit() else None


def _error(fake: FakeApi, status: int, message: str, code: str) -> web.Response:
    wait = {"Retry-After": fake.retry_after} if fake.retry_after is not None and status in (429, 529) else {}
    return web.json_response(fake.form.error(status, message, code), status=status, headers=wait)
