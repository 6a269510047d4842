"""Reasoning, calls and tool answers that a set writes as tags within text: <think>, <tool_call>, <tool_response>.

As Qwen, Hermes and Tongyi's agents write them. Text without the tags stays as it is.
"""

import re
from dataclasses import replace

from flows.imports.formats.coerce import call_of, opened
from flows.imports.formats.conversation import Call, Message, Refused

THINK = re.compile(r"^\s*<think>(.*?)</think>\s*", re.DOTALL)
CALL = re.compile(r"<tool_call>\s*(.*?)\s*</tool_call>", re.DOTALL)
RESPONSE = re.compile(r"<tool_response>\n?(.*?)\n?</tool_response>", re.DOTALL)
ANSWER = re.compile(r"<answer>\s*(.*?)\s*</answer>", re.DOTALL)
AROUND_CALLS = re.compile(r"</?tool_calls?(?:_begin|_end)?>")
"""Tags that some write around all calls of a message."""


def thought(text: str) -> tuple[str | None, str]:
    """The thinking that a text opens with, and the rest."""
    found = THINK.match(text)
    return (found[1].strip("\n") or None, text[found.end() :]) if found else (None, text)


def agent(text: str) -> Message:
    """What an agent wrote, with its thinking and calls told apart; raises Refused on a call that cannot be read."""
    reasoning, said = thought(text)
    calls = tuple(call for body in CALL.findall(said) for call in _calls(body))
    rest = AROUND_CALLS.sub("", CALL.sub("", said)).strip() if calls else said
    return Message("assistant", rest, reasoning, calls)


def _calls(body: str) -> list[Call]:
    """The call between two tags, or the list of them that LLaMA-Factory's converter and our view for it write."""
    made = opened(body, "bad_call")
    if made == []:
        raise Refused("bad_call", "no call between the tags")
    return [call_of(one) for one in (made if isinstance(made, list) else [made])]


def responses(text: str) -> list[Message]:
    """The answers of tools in a text that holds nothing else; none where it is no such text."""
    if RESPONSE.sub("", text).strip():
        return []
    return [Message("tool", body) for body in RESPONSE.findall(text)]


def answered(message: Message) -> Message:
    """The message with only what stands between its <answer> tags, where it has some."""
    found = ANSWER.search(message.content)
    return replace(message, content=found[1]) if found else message
