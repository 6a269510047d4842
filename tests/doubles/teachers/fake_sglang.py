"""A local HTTP server that answers as SGLang's native /generate does, written from the source of SGLang 0.5.23.

The forms are those of srt/managers/io_struct.py, srt/managers/tokenizer_manager.py, srt/managers/schedule_batch.py,
srt/entrypoints/http_server.py and srt/observability/metrics_collector.py. Replies, faults, KV cache and restarts are
those of the fake vLLM server.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.doubles.teachers import fake_replies as replies
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_endpoints import Form, complete
from tests.doubles.teachers.fake_replies import Body
from tests.doubles.teachers.fake_vllm import FakeVllm, running

PARAMETERS = {"max_new_tokens": "max_tokens", "sampling_seed": "seed"}
"""Sampling parameter of SGLang -> its name in vLLM, where they differ."""


@dataclass
class FakeSglang(FakeVllm):
    """The server; `finish` replaces the finish_reason of its replies."""

    version: str = "0.5.23"
    original_logprobs: bool = True
    """False: log-probabilities are those after temperature, as without SGLANG_RETURN_ORIGINAL_LOGPROB."""
    finish: Body | None = None
    lost_prompt_ids: int = 0
    """Ids of the prompt that the server drops, as one does that truncates long prompts."""
    older: bool = False
    """True if model and server information have their older addresses, and replies hold no echo of the prompt."""

    def application(self) -> web.Application:
        """The HTTP endpoints."""
        return _application(self)


@contextmanager
def fake_sglang(**settings: Any) -> Iterator[FakeSglang]:
    """A server on a free loopback port, in its own thread, while the block runs."""
    with running(FakeSglang(**settings)) as fake:
        yield fake


def _application(fake: FakeSglang) -> web.Application:
    async def generate(request: web.Request) -> web.StreamResponse:
        return await complete(fake, request, Form(_request, lambda reply, body: _reply(fake, reply, body), _too_long))

    async def tokenize(request: web.Request) -> web.Response:
        ids = tiny.encode((await request.json())["prompt"])
        return web.json_response({"tokens": ids, "count": len(ids), "max_model_len": fake.context})

    async def detokenize(request: web.Request) -> web.Response:
        return web.json_response({"text": tiny.decode((await request.json())["tokens"])})

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(text=_metrics(fake)) if fake.metrics else web.Response(status=404)

    async def health(request: web.Request) -> web.Response:
        return web.Response(status=200 if fake.health == "ok" else 503)

    async def models(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": replies.model_cards(fake)})

    async def model_info(request: web.Request) -> web.Response:
        return web.json_response(
            {
                "model_path": fake.model,
                "served_model_name": fake.model,
                "tokenizer_path": fake.model,
                "is_generation": True,
            }
        )

    async def server_info(request: web.Request) -> web.Response:
        return web.json_response(
            {
                "version": fake.version, "context_length": None, "dp_size": 1, "max_req_input_len": fake.context - 6,
                "max_total_num_tokens": fake.queue.cache.capacity * fake.block_size, "internal_states": [],
            }
        )  # fmt: skip

    app = web.Application(client_max_size=64 << 20)
    old = "get_" if fake.older else ""
    getters = {
        "health": health, "metrics": metrics, "v1/models": models, f"{old}model_info": model_info,
        f"{old}server_info": server_info,
    }  # fmt: skip
    for path, handler in {"generate": generate, "tokenize": tokenize, "detokenize": detokenize}.items():
        app.router.add_post(f"/{path}", handler)
    for path, getter in getters.items():
        app.router.add_get(f"/{path}", getter)
    return app


def _request(body: Body) -> Body:
    """The request as vLLM takes it, with the adapter under `lora_path` and SGLang's own parameters as they are."""
    parameters = {PARAMETERS.get(name, name): value for name, value in body["sampling_params"].items()}
    asked = {
        "prompt": body["input_ids"],
        "return_token_ids": body.get("return_prompt_token_ids", False),
        "logprobs": 0 if body.get("return_logprob") else None,
        "lora_path": body.get("lora_path"),
    }
    return parameters | asked


def _reply(fake: FakeSglang, reply: Body, body: Body) -> Body:
    if not reply.get("choices"):
        return {"text": ""}
    choice, usage = reply["choices"][0], reply["usage"]
    ids = choice.get("token_ids")
    values = (choice.get("logprobs") or {}).get("token_logprobs")
    heat = 1.0 if fake.original_logprobs else max(body["temperature"], 1.0)
    rows = [[value and value / heat, token, None] for value, token in zip(values or [], ids or [], strict=False)]
    meta = {
        "id": "0",
        "prompt_tokens": usage["prompt_tokens"] - fake.lost_prompt_ids, "completion_tokens": usage["completion_tokens"],
        "cached_tokens": (usage["prompt_tokens_details"] or {}).get("cached_tokens"), "weight_version": "default",
        "finish_reason": fake.finish or _finish(choice["finish_reason"], choice["stop_reason"], ids or []),
    }  # fmt: skip
    if values is not None and ids is not None:
        meta |= {"output_token_logprobs": rows, "output_token_logprobs_length": len(rows)}
    sent = {"text": choice["text"], "meta_info": meta}
    if "prompt_token_ids" in choice and not fake.older:
        sent["prompt_token_ids"] = choice["prompt_token_ids"]
    return sent | ({"output_ids": ids} if ids is not None else {})


def _finish(reason: str | None, stop: str | None, ids: list[int]) -> Body | None:
    if reason == "stop":
        return {"type": "stop", "matched": stop or tiny.IM_END}
    if reason == "length":
        return {"type": "length", "length": len(ids)}
    return {"type": reason, "message": "ended by the server"} if reason else None


def _too_long(context: int, prompt: int) -> str:
    if prompt >= context:
        return f"The input ({prompt} tokens) is longer than the model's context length ({context} tokens)."
    return f"Requested token count exceeds the model's maximum context length of {context} tokens."


def _metrics(fake: FakeSglang) -> str:
    label, queue = f'{{engine_type="unified",model_name="{fake.model}",pp_rank="0",tp_rank="0"}}', fake.queue
    values = {
        "num_running_reqs": len(queue.running),
        "num_queue_reqs": len(queue.waiting),
        "token_usage": queue.cache.used,
        "prompt_tokens_total": queue.queries,
        "cached_tokens_total": queue.hits,
        "num_retracted_requests_total": queue.preemptions,
        "generation_tokens_total": fake.sampled_tokens,
    }
    return "".join(f"# TYPE sglang:{name} gauge\nsglang:{name}{label} {value}\n" for name, value in values.items())
