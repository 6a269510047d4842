"""Reads ShareGPT conversations with the roles of FastChat, LLaMA-Factory and Hermes.

`conversations` is a list of {from, value}; `system` and `tools` are optional fields. A call is the value of a
`function_call` message or a <tool_call> tag in the model's text. One `observation` may hold the results of several
calls, as the factory's own LLaMA-Factory view writes it.
"""

from collections.abc import Iterator
from dataclasses import replace

from flows.imports.formats.chat.openseeker import declared
from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.calls import call_of
from flows.imports.formats.values.chat import weight_of
from flows.imports.formats.values.coerce import listed, messages_of, parsed_json, role_of, text, word
from flows.imports.formats.values.markup import CALL, agent, closed, responses
from flows.imports.formats.values.parts import content_of, noted
from flows.imports.formats.values.reasoning import thought
from flows.imports.formats.values.tools import tools_of

SPEAKERS = {
    "system": "system",
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys(("gpt", "assistant", "chatgpt", "bing", "bard", "model"), "assistant"),
    "function_call": "assistant",
    **dict.fromkeys(("observation", "tool", "function_response", "tool_response", "function"), "tool"),
}
MERGED = "\n</tool_response>\n<tool_response>\n"
"""LLaMA-Factory's separator between the observations of one turn."""


def sharegpt(row: Row) -> Attempt:
    """Convert one conversation; tools come from its `tools` field or the system prompt's <tools> tags."""
    raw = row.get("conversations") or row.get("conversation")
    messages = tuple(one for message in messages_of(raw) for one in _message(message))
    system = text(row.get("system"))
    if system:
        messages = (Message("system", system), *messages)
    return Attempt(messages, tools_of(row.get("tools")) or declared(messages), model=word(row.get("model")))


def _message(message: Row) -> Iterator[Message]:
    role = role_of({"from": message.get("from", message.get("role"))}, SPEAKERS, "from")
    content = content_of(message.get("value", message.get("content")))
    yield from noted(_spoken(message, role, content.text), content.notes)


def _spoken(message: Row, role: str, content: str) -> Iterator[Message]:
    if role == "tool":
        yield from responses(content) or (Message(role, part) for part in content.split(MERGED))
    elif role != "assistant":
        yield Message(role, content)
    elif message.get("from", message.get("role")) == "function_call" and not CALL.search(
        closed(content, "</tool_call>")
    ):
        reasoning, rest = thought(content)
        parsed = parsed_json(rest, "bad_call")
        calls = listed(parsed, "bad_call") if isinstance(parsed, list) else [parsed]
        yield Message(role, reasoning=reasoning, calls=tuple(call_of(one) for one in calls))
    else:
        yield replace(agent(content), weight=weight_of(message))


def recognise(row: Row) -> Sign | None:
    """A list of {from, value}."""
    turns = row.get("conversations") or row.get("conversation")
    return Sign(0.6, "a field `conversations` of {from, value}") if turns else None


FIELDS = frozenset({"conversations", "conversation", "system", "tools", "model"})
SHAREGPT = Format(sharegpt, FIELDS, recognise)
