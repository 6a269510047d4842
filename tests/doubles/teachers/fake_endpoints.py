"""HTTP endpoints of the fake vLLM server: completions, tokenize, models, health and metrics."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from aiohttp import web

from tests.doubles.teachers import fake_replies as replies
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_kv import Cost
from tests.doubles.teachers.fake_replies import Body, Fault
from tests.doubles.teachers.fake_state import Exchange, FakeState


@dataclass(frozen=True)
class Form:
    """An engine's form of requests and replies; the fake works with those of vLLM in between."""

    read: Callable[[Body], Body]
    """A request's body -> the same request to vLLM."""
    write: Callable[[Body, Body], Body]
    """(vLLM's reply, the request to vLLM) -> the engine's reply."""
    too_long: Callable[[int, int], str]
    """(context, prompt tokens) -> the message of the refusal."""


VLLM = Form(
    lambda body: body,
    lambda reply, _: reply,
    lambda context, prompt: f"This model's maximum context length is {context} tokens, your request has {prompt} input",
)


def application(fake: FakeState) -> web.Application:
    """The endpoints over the state; /counters is the fake server's own, for benchmarks."""

    async def completions(request: web.Request) -> web.StreamResponse:
        return await complete(fake, request)

    async def tokenize(request: web.Request) -> web.Response:
        ids = _tokenized(fake, await request.json())
        if ids is None:
            return replies.error(400, "this server renders no messages", {})
        return web.json_response({"tokens": ids, "count": len(ids), "max_model_len": fake.context})

    async def detokenize(request: web.Request) -> web.Response:
        return web.json_response({"prompt": tiny.decode((await request.json())["tokens"])})

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(text=_metrics(fake)) if fake.metrics else web.Response(status=404)

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": replies.model_cards(fake)})

    async def version(request: web.Request) -> web.Response:
        return web.json_response({"version": fake.version})

    async def health(request: web.Request) -> web.Response:
        if fake.health == "silent":
            await asyncio.sleep(60)
        return web.Response(status=200 if fake.health == "ok" else 503)

    async def counters(request: web.Request) -> web.Response:
        return web.json_response({"sampled": fake.sampled, "requests": fake.requests, "most": fake.most_in_flight})

    app = web.Application(client_max_size=64 << 20)
    for path, handler in (("v1/completions", completions), ("tokenize", tokenize), ("detokenize", detokenize)):
        app.router.add_post(f"/{path}", handler)
    for path, getter in (("metrics", metrics), ("v1/models", models), ("version", version), ("health", health)):
        app.router.add_get(f"/{path}", getter)
    app.router.add_get("/counters", counters)
    return app


async def complete(fake: FakeState, request: web.Request, form: Form = VLLM) -> web.StreamResponse:
    """Answer a completion request in the form of one engine, or with the fault that is due."""
    fake.requests += 1
    fault = fake.faults.popleft() if fake.faults else fake.always
    if fake.api_key and request.headers.get("Authorization") != f"Bearer {fake.api_key}":
        return replies.error(401, "Unauthorized", {})
    body = form.read(orjson.loads(await request.read()))
    if fault in {"400", "429", "500", "503"}:
        return replies.error(int(fault), f"fault {fault}", {"Retry-After": fake.retry_after})
    if fault == "cut":
        return replies.cut(request)
    if fake.crashes:
        fake.crash()
        await asyncio.sleep(60)
    rejected = fake.rejected_fields & body.keys()
    if rejected:
        return replies.error(400, f"Unrecognized request arguments: {', '.join(sorted(rejected))}", {})
    prompt: list[int] = body["prompt"]
    window, n_tokens = fake.window or fake.context, len(prompt) + body.get("max_tokens", 16)
    if n_tokens > window:
        text = fake.too_long.format(window=window, prompt=len(prompt), total=n_tokens)
        return replies.error(400, text or form.too_long(window, len(prompt)), {})
    fake.in_flight += 1
    fake.most_in_flight = max(fake.most_in_flight, fake.in_flight)
    try:
        if fault == "slow":
            await asyncio.sleep(60)
        return await _sample(fake, request, body, fault, form)
    finally:
        fake.in_flight -= 1


def _tokenized(fake: FakeState, body: Body) -> list[int] | None:
    """Ids of a prompt, or of messages in the server's chat template; None if it has none."""
    if "prompt" in body:
        start = [tiny.END_OF_TEXT] if fake.adds_bos and body.get("add_special_tokens", True) else []
        return [*start, *tiny.encode(body["prompt"])]
    if fake.template is None:
        return None
    return tiny.rendered(fake.template, body)


async def _sample(
    fake: FakeState, request: web.Request, body: Body, fault: Fault | None, form: Form
) -> web.StreamResponse:
    prompt: list[int] = body["prompt"]
    ids, stop = replies.sampled_ids(fake.reply(prompt, body), body)
    ids, reason = replies.truncated(ids, body)
    cached = await _spend_time(fake, prompt, ids)
    fault = "abort" if fake.ending.is_set() else fault
    fake.sampled += 1
    fake.sampled_tokens += len(ids)
    reply = replies.completion(fake.model, body, prompt, ids, reason, cached)
    reply["choices"][0]["stop_reason"] = stop if reason == "stop" else None
    reply = replies.damaged(reply, fault)
    if fault in replies.CUT_SHORT:
        fake.aborted.append(len(reply["choices"][0]["token_ids"]))
    raw = orjson.dumps(form.write(reply, body))
    if fault == "bad_json":
        raw = raw[: len(raw) // 2]
    if fault == "cut_body":
        return await replies.cut_body(request, raw)
    if fault is None and fake.keep_exchanges and "allowed_token_ids" not in body:
        fake.exchanges.append(Exchange(tuple(prompt), tuple(ids), body))
    return web.Response(body=raw, content_type="application/json")


async def _spend_time(fake: FakeState, prompt: list[int], ids: list[int]) -> int | None:
    """Wait as long as the completion takes; at most until the server ends."""
    work, ending = asyncio.create_task(_compute(fake, prompt, ids)), asyncio.create_task(fake.ending.wait())
    try:
        await asyncio.wait({work, ending}, return_when=asyncio.FIRST_COMPLETED)
        return work.result() if work.done() else None
    finally:
        ending.cancel()
        work.cancel()


async def _compute(fake: FakeState, prompt: list[int], ids: list[int]) -> int | None:
    cost = Cost(fake.delay_s, fake.prefill_s, fake.decode_s)
    if fake.kv_tokens == 0:
        await asyncio.sleep(cost.seconds(len(prompt), len(ids)))
        return None
    return await fake.queue.run(prompt, ids, cost)


def _metrics(fake: FakeState) -> str:
    running = fake.in_flight if fake.kv_tokens == 0 else None
    return replies.metrics_page(fake.model, fake.queue, fake.block_size, fake.sampled_tokens, running)
