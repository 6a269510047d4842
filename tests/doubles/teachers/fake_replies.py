"""Replies of the fake vLLM server: JSON, errors, metrics, and every kind of damage to them."""

import hashlib
import json
import math
from collections.abc import Iterator
from typing import Any, Literal

from aiohttp import web

from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_kv import Queue

Body = dict[str, Any]
Fault = Literal[
    "400", "429", "500", "503", "bad_json", "no_choices", "no_ids", "no_prompt_ids", "wrong_prompt_ids",
    "no_logprobs", "short_logprobs", "null_logprobs", "cut", "cut_body", "slow",
    "abort", "abort_at_once", "null_reason", "content_filter", "error_reply", "false_stop",
]  # fmt: skip

CUT_SHORT: dict[Fault, str | None] = {
    "abort": "abort", "abort_at_once": "abort", "null_reason": None, "content_filter": "content_filter",
    "false_stop": "stop",
}  # fmt: skip
"""Fault -> the finish_reason of a generation that the server ends in its middle."""
ASSISTANT = [tiny.IM_START, *b"assistant\n"]


def assistant_turns(prompt_ids: list[int]) -> int:
    """Number of assistant turns in the prompt, including the turn to be sampled."""
    return len(starts_of_turns(prompt_ids))


def starts_of_turns(prompt_ids: list[int]) -> list[int]:
    """Places of the assistant turns in the prompt; the last is that of the turn to be sampled."""
    return [at for at in _starts(prompt_ids) if prompt_ids[at : at + len(ASSISTANT)] == ASSISTANT]


def agent_reply(prompt_ids: list[int], body: Body, turns: int = 3) -> str:
    """The text of an agent that searches `turns` - 1 times, each time with another query, and then answers."""
    turn, mark = assistant_turns(prompt_ids), digest(prompt_ids, body)
    if turn >= turns:
        return f"The answer is {mark[:8]}."
    call = json.dumps({"name": "search", "arguments": {"query": f"page {mark[:6]}"}})
    return f"<think>\nturn {turn}\n</think>\n\n<tool_call>\n{call}\n</tool_call>"


def digest(prompt_ids: list[int], body: Body) -> str:
    """A hex hash of prompt and seed."""
    return hashlib.sha256(repr((prompt_ids, body.get("seed"))).encode()).hexdigest()


def _starts(prompt_ids: list[int]) -> Iterator[int]:
    at = -1
    while True:
        try:
            at = prompt_ids.index(tiny.IM_START, at + 1)
        except ValueError:
            return
        yield at


def sampled_ids(text: str, body: Body) -> tuple[list[int], str | None]:
    """The ids that the server samples for a text, the model's end last, and the stop string that ends them earlier.

    A request that allows one id only gets that id, up to the model's end.
    """
    allowed = body.get("allowed_token_ids")
    if allowed:
        return ([tiny.IM_END] if allowed == [tiny.IM_END] else allowed * (body["max_tokens"] + 1)), None
    ends = [(text.index(stop) + len(stop), stop) for stop in body.get("stop") or () if stop in text]
    if ends:
        return tiny.encode(text[: min(ends)[0]]), min(ends)[1]
    return [*tiny.encode(text), tiny.IM_END], None


def truncated(ids: list[int], body: Body) -> tuple[list[int], str]:
    """The ids up to the point where vLLM would end the completion, and the finish reason."""
    limit, reason = body["max_tokens"], "stop" if len(ids) <= body["max_tokens"] else "length"
    detection: dict[str, int] = body.get("repetition_detection") or {}
    for end in range(1, min(len(ids), limit) + 1) if detection else ():
        for size in range(max(1, detection["min_pattern_size"]), detection["max_pattern_size"] + 1):
            begin = end - size * detection["min_count"]
            if begin < 0:
                break
            if ids[end - 1 - size] == ids[end - 1] and ids[begin:end] == ids[end - size : end] * detection["min_count"]:
                return ids[:end], "repetition"
    return ids[:limit], reason


def completion(model: str, body: Body, prompt: list[int], ids: list[int], reason: str, cached: int | None) -> Body:
    """The JSON reply of /v1/completions; `cached` is the number of cached prompt tokens, None if unknown."""
    choice: Body = {"index": 0, "text": tiny.decode(ids), "finish_reason": reason, "stop_reason": None}
    if body.get("return_token_ids"):
        choice |= {"token_ids": ids, "prompt_token_ids": prompt}
    if body.get("logprobs") is not None:
        choice["logprobs"] = {
            "tokens": [f"token_id:{token}" for token in ids],
            "token_logprobs": [-math.log(2 + (token + place) % 7) for place, token in enumerate(ids)],
            "top_logprobs": [{} for _ in ids],
            "text_offset": [0] * len(ids),
        }
    usage = {
        "prompt_tokens": len(prompt),
        "completion_tokens": len(ids),
        "total_tokens": len(prompt) + len(ids),
        "prompt_tokens_details": None if cached is None else {"cached_tokens": cached},
    }
    return {"id": "cmpl-0", "object": "text_completion", "model": model, "choices": [choice], "usage": usage}


def damaged(reply: Body, fault: Fault | None) -> Body:
    """The reply with the damage of the fault, if the fault is one of the JSON."""
    choice = reply["choices"][0]
    if fault in CUT_SHORT:
        kept = 0 if fault == "abort_at_once" else len(choice["token_ids"]) // 2
        del choice["token_ids"][kept:], choice["logprobs"]["token_logprobs"][kept:]
        choice |= {"finish_reason": CUT_SHORT[fault], "stop_reason": None, "text": tiny.decode(choice["token_ids"])}
    elif fault == "error_reply":
        return {"error": {"message": "the engine is busy", "code": 500}}
    elif fault == "no_choices":
        reply["choices"] = []
    elif fault == "no_ids":
        choice.pop("token_ids", None)
    elif fault == "no_prompt_ids":
        choice.pop("prompt_token_ids", None)
    elif fault == "wrong_prompt_ids":
        choice["prompt_token_ids"] = [*choice["prompt_token_ids"][:-1], 0]
    elif fault == "no_logprobs":
        choice["logprobs"] = None
    elif fault == "short_logprobs":
        choice["logprobs"]["token_logprobs"].pop()
    elif fault == "null_logprobs":
        choice["logprobs"]["token_logprobs"][0] = None
    return reply


def model_cards(fake: Any) -> list[Body]:
    """The cards of /v1/models, in vLLM's form: the model's, then those of its adapters."""
    base = {"id": fake.model, "object": "model", "root": fake.root or fake.model, "parent": None}
    adapters = [
        {"id": name, "object": "model", "root": f"/adapters/{name}", "parent": parent, "max_model_len": None}
        for name, parent in fake.adapters.items()
    ]
    return [base | {"max_model_len": fake.context}, *adapters]


def error(status: int, message: str, headers: dict[str, str]) -> web.Response:
    """An error reply in the form of vLLM."""
    body = {"error": {"message": message, "type": "BadRequestError", "param": None, "code": status}}
    return web.json_response(body, status=status, headers=headers)


def cut(request: web.Request) -> web.Response:
    """Cut the connection before the reply."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def cut_body(request: web.Request, raw: bytes) -> web.StreamResponse:
    """Send half of the reply, then cut the connection."""
    response = web.StreamResponse(headers={"Content-Length": str(len(raw))})
    await response.prepare(request)
    await response.write(raw[: len(raw) // 2])
    if request.transport is not None:
        request.transport.abort()
    return response


def metrics_page(model: str, queue: Queue, block_size: int, sampled_tokens: int, running: int | None) -> str:
    """The text of /metrics. With a count of `running` requests, the page of a server without a KV cache."""
    label, bare = f'{{engine="0",model_name="{model}"}}', running is not None
    values: dict[str, float] = {
        "num_requests_running": len(queue.running) if running is None else running,
        "num_requests_waiting": len(queue.waiting),
        "kv_cache_usage_perc": queue.cache.used,
        "prefix_cache_queries_total": queue.queries,
        "prefix_cache_queries_created": 1.7e9,
        "prefix_cache_hits_total": queue.hits,
        "num_preemptions_total": queue.preemptions,
        "generation_tokens_total": sampled_tokens,
    }
    lines = [f"# TYPE vllm:{name} gauge\nvllm:{name}{label} {float(value)}" for name, value in values.items()]
    blocks = f'block_size="{block_size}",cache_dtype="auto",engine="0",num_gpu_blocks="{queue.cache.capacity}"'
    return "\n".join(lines if bare else [*lines, f"vllm:cache_config_info{{{blocks}}} 1.0"]) + "\n"
