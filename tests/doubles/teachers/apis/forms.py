"""The two forms of the fake API: what each accepts, and how it writes a reply."""

import hashlib
from typing import Any

import orjson
from aiohttp import web

from tests.doubles.teachers.apis.fake_api import FakeApi, Json, Spoken


class OpenAiForm:
    """OpenAI's /v1/chat/completions; reasoning comes as `reasoning_content`, as DeepSeek's and Kimi's does."""

    path = "/v1/chat/completions"

    def key(self, request: web.Request) -> str | None:
        """The bearer token."""
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    def problem(self, body: Json) -> str | None:
        """The reason for which the request is refused."""
        open_calls: list[str] = []
        for message in body["messages"]:
            if message["role"] == "tool":
                if message["tool_call_id"] not in open_calls:
                    return "a tool message must follow a message with its tool_calls"
                open_calls.remove(message["tool_call_id"])
                continue
            if open_calls:
                return f"tool_call_ids did not have response messages: {', '.join(open_calls)}"
            calls = message.get("tool_calls") or []
            if not all(isinstance(orjson.loads(call["function"]["arguments"]), dict) for call in calls):
                return "arguments must be a JSON object"
            open_calls = [call["id"] for call in calls]
        return None

    def turns(self, body: Json) -> int:
        """Assistant messages so far."""
        return sum(message["role"] == "assistant" for message in body["messages"])

    def prefixes(self, body: Json) -> list[str]:
        """The prompt up to each message: the cache is automatic."""
        texts, prefixes = str(body.get("tools")), []
        for message in body["messages"]:
            texts += str(message)
            prefixes.append(texts)
        return prefixes

    def reply(self, fake: FakeApi, body: Json, spoken: Spoken, tokens: tuple[int, int, int]) -> Json:
        """A completion with one choice."""
        prompt, cached, sampled = tokens
        mark = _mark(body)
        calls = [
            {"id": f"call_{mark}{at}", "type": "function", "function": {"name": name, "arguments": _text(arguments)}}
            for at, (name, arguments) in enumerate(spoken.calls)
        ]
        message: Json = {"role": "assistant", "content": spoken.text or None, "refusal": None, "annotations": []}
        message |= {"tool_calls": calls} if calls else {}
        message |= {"reasoning_content": spoken.reasoning} if spoken.reasoning else {}
        if spoken.reason == "refusal":
            message |= {"content": None, "refusal": spoken.text}
        plain = "tool_calls" if calls else "stop"
        reason = plain if spoken.reason in (None, "refusal") else spoken.reason
        usage = {
            "prompt_tokens": prompt, "completion_tokens": sampled, "total_tokens": prompt + sampled,
            "prompt_tokens_details": {"cached_tokens": cached},
        }  # fmt: skip
        choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
        return {
            "id": f"c-{mark}",
            "object": "chat.completion",
            "model": fake.model,
            "choices": [choice],
            "usage": usage,
        }

    def error(self, status: int, message: str, code: str) -> Json:
        """An error in OpenAI's form."""
        return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


class AnthropicForm:
    """Anthropic's /v1/messages with thinking on."""

    path = "/v1/messages"

    def key(self, request: web.Request) -> str | None:
        """The key, if the request names the version of the API and sends no bearer token."""
        foreign = "Authorization" in request.headers or "anthropic-version" not in request.headers
        return None if foreign else request.headers.get("x-api-key")

    def problem(self, body: Json) -> str | None:
        """The reason for which the request is refused."""
        if str(body).count("'cache_control'") > 4:
            return "A maximum of 4 blocks with cache_control may be provided"
        open_calls: set[str] = set()
        for place, message in enumerate(body["messages"]):
            if place and message["role"] == body["messages"][place - 1]["role"]:
                return "roles must alternate"
            blocks = message["content"]
            if not blocks or any(block["type"] == "text" and not block["text"] for block in blocks):
                return "text content blocks must be non-empty"
            results = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
            if message["role"] == "user" and results != open_calls:
                return f"tool_use ids were found without tool_result blocks: {open_calls ^ results}"
            open_calls = {block["id"] for block in blocks if block["type"] == "tool_use"}
            if any(
                block["signature"] != _signature(block["thinking"]) for block in blocks if block["type"] == "thinking"
            ):
                return "thinking blocks cannot be modified"
            if open_calls and message["role"] == "assistant" and blocks[0]["type"] != "thinking":
                return "expected thinking, but found tool_use"
        return None

    def turns(self, body: Json) -> int:
        """Assistant messages so far."""
        return sum(message["role"] == "assistant" for message in body["messages"])

    def prefixes(self, body: Json) -> list[str]:
        """The prompt up to each breakpoint, and the whole prompt."""
        text, prefixes = str(body.get("tools")), []
        for block in [*body.get("system", []), *(one for turn in body["messages"] for one in turn["content"])]:
            text += str({name: value for name, value in block.items() if name != "cache_control"})
            if "cache_control" in block:
                prefixes.append(text)
        return [*prefixes, text]

    def reply(self, fake: FakeApi, body: Json, spoken: Spoken, tokens: tuple[int, int, int]) -> Json:
        """A message with its blocks."""
        prompt, cached, sampled = tokens
        mark = _mark(body)
        thinking = spoken.reasoning or ("hm" if spoken.calls else "")
        blocks: list[Json] = [{"type": "text", "text": spoken.text}] if spoken.text else []
        if thinking:
            blocks.insert(0, {"type": "thinking", "thinking": thinking, "signature": _signature(thinking)})
        blocks += [
            {"type": "tool_use", "id": f"toolu_{mark}{at}", "name": name, "input": arguments}
            for at, (name, arguments) in enumerate(spoken.calls)
        ]
        reason = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}.get(
            spoken.reason or "", spoken.reason or ("tool_use" if spoken.calls else "end_turn")
        )
        usage = {
            "input_tokens": (prompt - cached) // 2, "cache_read_input_tokens": cached,
            "cache_creation_input_tokens": prompt - cached - (prompt - cached) // 2, "output_tokens": sampled,
        }  # fmt: skip
        own = {"id": f"msg_{mark}", "type": "message", "role": "assistant", "model": fake.model}
        return own | {"content": blocks, "stop_reason": reason, "stop_sequence": None, "usage": usage}

    def error(self, status: int, message: str, code: str) -> Json:
        """An error in Anthropic's form."""
        return {"type": "error", "error": {"type": code, "message": message}, "request_id": "req_0"}


def _mark(body: Json) -> str:
    return hashlib.sha256(orjson.dumps(body["messages"])).hexdigest()[:8]


def _signature(thinking: str) -> str:
    return hashlib.sha256(f"signed {thinking}".encode()).hexdigest()


def _text(arguments: Any) -> str:
    """Arguments as text; a string is sent as it is, JSON or not."""
    return arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()
