"""OpenAI's chat completions, the form that most providers and servers speak.

Written after OpenAI's API reference (platform.openai.com/docs/api-reference/chat). The assistant's message goes back
with the fields that providers demand in the next request: `reasoning_content` (DeepSeek, Kimi), `reasoning_details`
(OpenRouter), and what tool calls carry beside their arguments (Gemini's thought signatures).
"""

import hashlib
from collections.abc import Mapping, Sequence

import orjson

from flows.environments.tool import ToolSpec
from flows.rollout.chat_protocol import ChatRequest
from flows.rollout.engines.chat.api import SAMPLING, ApiCall, Json, Parts, Reply, base_path
from flows.rollout.engines.servers.http_client import parse_json
from flows.rollout.engines.servers.http_errors import MalformedReply
from flows.rollout.protocol import Message, TeacherRefused
from flows.rollout.usage import Usage

KEPT = ("content", "tool_calls", "reasoning_content", "reasoning", "reasoning_details")
"""Fields of an assistant message that are sent back."""
REASONS = {
    "stop": "stop",
    "tool_calls": "stop",
    "function_call": "stop",
    "length": "length",
    "content_filter": "content_filter",
}


class OpenAiApi:
    """The form of /chat/completions."""

    name = "openai"
    renderer = "OpenAI chat completions"
    parameters = SAMPLING

    def headers(self, key: str | None) -> Mapping[str, str]:
        """The key as a bearer token."""
        return {"Authorization": f"Bearer {key}"} if key else {}

    def endpoint(self, url: str) -> str:
        """Under `url`, which is the base of the API; an address without a path means its /v1."""
        return f"{_base(url)}/chat/completions"

    def models(self, url: str) -> str:
        """The list of models."""
        return f"{_base(url)}/models"

    def opening(self, message: Message) -> list[Json]:
        """A system or user message."""
        return [{"role": message.role, "content": message.content}]

    def answers(self, asked: Json, messages: Sequence[Message]) -> list[list[Json]]:
        """A tool message per result; an instruction answers the calls that no result answers, else it is a user's."""
        open_calls = [call["id"] for call in asked.get("tool_calls", [])]
        answered = {message.call_id for message in messages if message.call_id}
        unanswered = [one for one in open_calls if one not in answered]
        return [self._answer(message, unanswered) for message in messages]

    def _answer(self, message: Message, unanswered: list[str]) -> list[Json]:
        if message.call_id:
            return [_result(message.call_id, message.content)]
        if unanswered:
            results = [_result(one, message.content) for one in unanswered]
            unanswered.clear()
            return results
        return [{"role": "user", "content": message.content}]

    def body(self, model: str, request: ChatRequest) -> Json:
        """The request; only parameters that the settings name are in it, the API chooses the others."""
        sampling = request.sampling
        body: Json = {"model": model, "messages": request.decoded(), "max_tokens": sampling.max_tokens}
        body |= sampling.chosen()
        if request.tools:
            body |= {"tools": [_tool(one) for one in request.tools]}
            body |= {"tool_choice": "none"} if request.must_answer else {}
        return body

    def read(self, raw: bytes) -> Reply:
        """The first choice of a completion."""
        reply = parse_json(raw)
        try:
            choice, usage = reply["choices"][0], reply["usage"]
            message, finish = choice["message"], choice.get("finish_reason")
            details = usage.get("prompt_tokens_details") or {}
            billed = Usage(
                int(usage["prompt_tokens"]), int(usage["completion_tokens"]), int(details.get("cached_tokens") or 0)
            )
            kept = {"role": "assistant"} | {name: message[name] for name in KEPT if message.get(name)}
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise MalformedReply("the reply holds no completion with a message and its usage") from error
        if finish not in REASONS:
            raise MalformedReply(f"the API ended the completion early: finish_reason {finish!r}"[:300])
        reason = "refusal" if message.get("refusal") else REASONS[finish]
        if reason == "refusal":
            kept["content"] = str(message["refusal"])
        kept.setdefault("content", "")
        return Reply(kept | _checked_calls(kept, raw), reason, billed)

    def thinking_fields(self, thinking: bool | None, effort: str | None) -> Json:
        """The effort of reasoning; a switch is not part of this form, providers have fields of their own for it."""
        if thinking is not None:
            raise TeacherRefused(
                f"{self.renderer} has no switch for thinking: set teacher.request_fields as it names it"
            )
        return {"reasoning_effort": effort} if effort else {}

    def parts(self, message: Json) -> Parts:
        """The text of a message, its reasoning, and its calls with parsed arguments."""
        reasoning = message.get("reasoning_content") or message.get("reasoning")
        calls = [_call(one) for one in message.get("tool_calls", [])]
        return Parts(_text(message["content"]), reasoning if isinstance(reasoning, str) else None, calls)


def _base(url: str) -> str:
    base, path = base_path(url)
    return base if path else f"{base}/v1"


def _tool(tool: ToolSpec) -> Json:
    function = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": function}


def _result(call: str, content: str) -> Json:
    return {"role": "tool", "tool_call_id": call, "content": content}


def _text(content: object) -> str:
    """The text of a content, which some providers send as a list of parts."""
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") if isinstance(part, dict) else part for part in parts]
    return "".join(text for text in texts if isinstance(text, str))


def _checked_calls(message: Json, raw: bytes) -> Json:
    """The calls, each with an id of its own: results refer to it, and some servers send none or the same twice."""
    calls = message.get("tool_calls")
    if not calls:
        return {}
    seen: set[str] = set()
    checked = []
    for place, call in enumerate(calls):
        if not (isinstance(call, dict) and isinstance(call.get("function"), dict)):
            raise MalformedReply("a tool call of the reply is no function call")
        own = call.get("id")
        if not isinstance(own, str) or not own or own in seen:
            own = f"call_{hashlib.sha256(raw + bytes([place % 256])).hexdigest()[:12]}"
        seen.add(own)
        checked.append(call | {"id": own, "type": "function", "function": _sendable(call["function"])})
    return {"tool_calls": checked}


def _sendable(function: Json) -> Json:
    """The function with arguments that are a JSON object: servers whose templates read them refuse other text.

    Arguments that are none stand under `malformed_arguments`, so that the model still sees what it wrote.
    """
    given = function.get("arguments")
    parsed = _parsed(given) if isinstance(given, str) else given
    if not isinstance(parsed, dict):
        parsed = {MALFORMED: given}
    return function | {"name": str(function.get("name") or ""), "arguments": orjson.dumps(parsed).decode()}


MALFORMED = "malformed_arguments"


def _parsed(text: str) -> object:
    try:
        return orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return None


def _call(call: Json) -> ApiCall:
    arguments = orjson.loads(call["function"]["arguments"])
    status = "malformed" if arguments.keys() == {MALFORMED} else "ok"
    return ApiCall(call["id"], call["function"]["name"], arguments, status)
