"""Reads Dolci-Instruct-SFT tool use (Ai2 2025): calls as Python in `function_calls`, results of the role
environment.

A row has `id`, `dataset_source` and `messages`; a message has `role`, `content`, `function_calls` and `functions`
(the schemas as JSON, usually of the system message). Several calls stand one per line. Source: the schema of this
set in neulab/agent-data-protocol (schema_raw.py, raw_to_standardized.py).
"""

from collections.abc import Iterator
from typing import Any

from flows.imports.formats.conversation import Attempt, Format, Message, Refused, Row, Sign
from flows.imports.formats.values.calls import call_of, python_calls
from flows.imports.formats.values.chat import chat_message
from flows.imports.formats.values.coerce import listed, messages_of, word
from flows.imports.formats.values.tools import tools_of, with_json_types


def dolci(row: Row) -> Attempt:
    """Convert one conversation with the schemas of any of its messages."""
    raw = messages_of(row.get("messages"))
    declared = next((one["functions"] for one in raw if one.get("functions")), None)
    tools = [tool | {"function": with_json_types(tool["function"])} for tool in tools_of(declared)]
    return Attempt(
        messages=tuple(one for message in raw for one in _message(message)),
        tools=tools,
        model=word(row.get("model")),
    )


def _message(message: Row) -> Iterator[Message]:
    calls = _calls(message.get("function_calls"))
    plain = {key: value for key, value in message.items() if key not in ("functions", "function_calls")}
    if plain.get("role") == "environment":
        yield from chat_message(plain)
    elif calls:
        yield next(chat_message(plain | {"tool_calls": [_as_call(call) for call in calls]}))
    else:
        yield from chat_message(plain)


def _calls(value: Any) -> list[Any]:
    """The calls of a message: Python's syntax, or JSON."""
    if not value:
        return []
    if isinstance(value, str) and not value.lstrip().startswith(("[{", "{")):
        return list(python_calls(value))
    return [call_of(one) for one in listed(value, "bad_call")]


def _as_call(call: Any) -> Row:
    return {"id": call.id, "name": call.name, "arguments": call.arguments if call.broken is None else call.broken}


def recognise(row: Row) -> Sign | None:
    """Messages with `function_calls` or `functions`."""
    try:
        raw = messages_of(row.get("messages"))
    except Refused:
        return None
    if any("function_calls" in one or "functions" in one for one in raw):
        return Sign(0.9, "messages with `function_calls` and `functions`")
    return None


DOLCI = Format(dolci, frozenset({"messages", "model"}), recognise)
