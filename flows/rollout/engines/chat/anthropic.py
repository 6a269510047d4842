"""Anthropic's messages: content blocks, thinking with signatures, tool results in the user's turn, cache breakpoints.

Written after Anthropic's API reference (docs.claude.com, version 2023-06-01). An assistant's blocks go back as they
came: the API refuses a tool result whose thinking block is missing or changed.
"""

from collections.abc import Mapping, Sequence

from flows.rollout.chat_protocol import ChatRequest
from flows.rollout.engines.chat.api import PAUSED, ApiCall, Json, Parts, Reply, base_path
from flows.rollout.engines.servers.http_client import parse_json
from flows.rollout.engines.servers.http_errors import MalformedReply
from flows.rollout.protocol import Message
from flows.rollout.usage import Usage

VERSION = "2023-06-01"
CACHED = {"cache_control": {"type": "ephemeral"}}
"""A breakpoint: the prompt up to this block is cached. A request may have four; tools come before the system prompt."""
REASONS = {
    "end_turn": "stop",
    "tool_use": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refusal",
    "pause_turn": PAUSED,
}


class AnthropicApi:
    """The form of /v1/messages."""

    name = "anthropic"
    renderer = f"Anthropic messages {VERSION}"
    parameters = frozenset({"temperature", "top_p", "top_k"})

    def headers(self, key: str | None) -> Mapping[str, str]:
        """The key and the version of the API."""
        return {"anthropic-version": VERSION} | ({"x-api-key": key} if key else {})

    def endpoint(self, url: str) -> str:
        """Under `url`, with or without /v1 at its end."""
        return f"{_base(url)}/messages"

    def models(self, url: str) -> str:
        """The list of models."""
        return f"{_base(url)}/models"

    def opening(self, message: Message) -> list[Json]:
        """A user message, or the system prompt, which `body` moves out of the messages."""
        return [{"role": message.role, "content": [_text(message.content)]}]

    def answers(self, asked: Json, messages: Sequence[Message]) -> list[list[Json]]:
        """A tool result per call; an instruction answers the calls that no result answers, else it is plain text."""
        answered = {message.call_id for message in messages if message.call_id}
        unanswered = [
            block["id"] for block in asked["content"] if block["type"] == "tool_use" and block["id"] not in answered
        ]
        return [[{"role": "user", "content": _blocks(message, unanswered)}] for message in messages]

    def body(self, model: str, request: ChatRequest) -> Json:
        """The request: consecutive messages of one role become one, as the API wants all results in one turn."""
        sampling, turns = request.sampling, _merged(request.decoded())
        system = [block for turn in turns if turn["role"] == "system" for block in turn["content"]]
        turns = [turn for turn in turns if turn["role"] != "system"]
        users = [turn for turn in turns if turn["role"] == "user"]
        for turn in users[-2:]:
            turn["content"][-1] |= CACHED
        body: Json = {"model": model, "messages": turns, "max_tokens": sampling.max_tokens, **sampling.chosen()}
        if system:
            system[-1] |= CACHED
            body["system"] = system
        if request.tools:
            body["tools"] = [
                {"name": tool.name, "description": tool.description, "input_schema": tool.parameters}
                for tool in request.tools
            ]
            body |= {"tool_choice": {"type": "none"}} if request.must_answer else {}
        return body

    def read(self, raw: bytes) -> Reply:
        """The message of a reply; its prompt tokens are the sum of the uncached, the cached and the newly cached."""
        reply = parse_json(raw)
        try:
            blocks, finish, usage = reply["content"], reply["stop_reason"], reply["usage"]
            cached, written = (int(usage.get(f"cache_{kind}_input_tokens") or 0) for kind in ("read", "creation"))
            prompt = int(usage["input_tokens"]) + cached + written
            billed = Usage(prompt, int(usage["output_tokens"]), cached, written)
            valid = all(_is_valid(block) for block in blocks)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise MalformedReply("the reply holds no message with its content and usage") from error
        if not valid:
            raise MalformedReply("a block of the reply has no type, or a tool_use lacks its id, name or input")
        if finish not in REASONS:
            raise MalformedReply(f"the API ended the message early: stop_reason {finish!r}"[:300])
        return Reply({"role": "assistant", "content": blocks}, REASONS[finish], billed)

    def thinking_fields(self, thinking: bool | None, effort: str | None) -> Json:
        """Adaptive thinking or none, and its effort; a budget in tokens is a request field of older models."""
        switch = {} if thinking is None else {"thinking": {"type": "adaptive" if thinking else "disabled"}}
        return switch | ({"output_config": {"effort": effort}} if effort else {})

    def parts(self, message: Json) -> Parts:
        """The text, the thinking and the calls among the blocks."""
        blocks = message["content"]
        text = "".join(str(block.get("text", "")) for block in blocks if block["type"] == "text")
        thinking = "".join(str(block.get("thinking", "")) for block in blocks if block["type"] == "thinking")
        calls = [ApiCall(block["id"], block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]
        return Parts(text, thinking or None, calls)


def _base(url: str) -> str:
    base, path = base_path(url)
    return base if path.endswith("/v1") else f"{base}/v1"


def _text(content: str) -> Json:
    return {"type": "text", "text": content or " "}


def _blocks(message: Message, unanswered: list[str]) -> list[Json]:
    """The blocks of a result or an instruction; clears the calls that an instruction answers."""
    if message.call_id:
        return [{"type": "tool_result", "tool_use_id": message.call_id, "content": message.content}]
    if not unanswered:
        return [_text(message.content)]
    results = [
        {"type": "tool_result", "tool_use_id": one, "content": message.content, "is_error": True} for one in unanswered
    ]
    unanswered.clear()
    return results


def _merged(messages: list[Json]) -> list[Json]:
    """One turn per run of messages of a role. An assistant turn without blocks, which the API refuses, gets a blank."""
    turns: list[Json] = []
    for message in messages:
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1]["content"] = [*turns[-1]["content"], *message["content"]]
        else:
            turns.append(message | {"content": message["content"] or [_text("(empty)")]})
    return turns


def _is_valid(block: Json) -> bool:
    if block["type"] != "tool_use":
        return isinstance(block["type"], str)
    return all(isinstance(block.get(name), str) and block[name] for name in ("id", "name")) and "input" in block
