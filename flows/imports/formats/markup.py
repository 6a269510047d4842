"""Parses tags within text: <think> for reasoning, <tool_call> for tool calls, <tool_response> for tool results.

Qwen, Hermes and Tongyi's agents use these tags. Text without them is left unchanged.
"""

import re
from dataclasses import replace

from flows.imports.formats.coerce import call_of, parsed_json
from flows.imports.formats.conversation import Call, Message, Refused

THINK = re.compile(r"^\s*<think>(.*?)</think>\s*", re.DOTALL)
CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.DOTALL)
RESPONSE = re.compile(r"<tool_response>\n?(.*?)\n?</tool_response>", re.DOTALL)
ANSWER = re.compile(r"<answer>\s*(.*?)\s*</answer>", re.DOTALL)
AROUND_CALLS = re.compile(r"</?tool_calls?(?:_begin|_end)?>")
"""Tags that some sets write around all calls of a message."""


def thought(text: str) -> tuple[str | None, str]:
    """Split leading reasoning from the rest of a text."""
    found = THINK.match(text)
    return (found[1].strip("\n") or None, text[found.end() :]) if found else (None, text)


def agent(text: str) -> Message:
    """An assistant message with its reasoning and calls separated; raises Refused on an unreadable call."""
    reasoning, visible = thought(text)
    calls = tuple(call for body in CALL.findall(visible) for call in _calls(body))
    rest = AROUND_CALLS.sub("", CALL.sub("", visible)).strip() if calls else visible
    return Message("assistant", rest, reasoning, calls)


def _calls(body: str) -> list[Call]:
    """The call between two tags, or a list of calls as LLaMA-Factory's converter and the factory's view write it."""
    calls = parsed_json(body, "bad_call")
    if calls == []:
        raise Refused("bad_call", "no call between the tags")
    return [call_of(one) for one in (calls if isinstance(calls, list) else [calls])]


def responses(text: str) -> list[Message]:
    """Tool results of a text that consists of <tool_response> tags only; else an empty list."""
    if RESPONSE.sub("", text).strip():
        return []
    return [Message("tool", body) for body in RESPONSE.findall(text)]


def answered(message: Message) -> Message:
    """The message reduced to the content of its <answer> tags, if it has them."""
    found = ANSWER.search(message.content)
    return replace(message, content=found[1]) if found else message
