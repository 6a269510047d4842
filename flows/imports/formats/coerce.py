"""Coerces untrusted values to text, lists, tool calls and tool schemas; raises Refused on everything else.

Data sets store the same thing in several ways (a list or its JSON text, OpenAI's call or its bare function);
this module knows all of them, so the formats need not.
"""

import json
import math
import re
from typing import Any

import orjson

from flows.imports.formats.conversation import Call, Message, Refused, Row

SAMPLE = 80
"""Maximum characters of a value in a refusal's detail."""
LONG = re.compile(r"\d{19}")
"""Integers with so many digits may become floats in orjson; JSON itself sets no limit."""
ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}


def from_json(text: str | bytes) -> Any:
    """Parse JSON, integers exactly; raises Refused on invalid JSON and on lone surrogates."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        broken = "surrogate" in str(error) or "UTF-8" in str(error)
        raise Refused("not_unicode" if broken else "not_json", str(error)) from error
    return _exactly(text) if LONG.search(text if isinstance(text, str) else text.decode()) else found


def _exactly(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (RecursionError, ValueError) as error:
        raise Refused("not_json", str(error)) from error


def parsed_json(value: Any, code: str = "not_json") -> Any:
    """The value, parsed first if it is JSON text; raises Refused with `code` on invalid JSON."""
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return from_json(value)
    except Refused as refusal:
        if refusal.code == "not_json":
            raise Refused(code, f"{_sample(value)}: {refusal.detail}") from refusal
        raise


def listed(value: Any, code: str) -> list[Any]:
    """A list, or its JSON text; None and "" give an empty list."""
    found = parsed_json(value, code)
    if found is None or found == "":
        return []
    if not isinstance(found, list):
        raise Refused(code, _sample(found))
    return found


def text(value: Any) -> str:
    """Text, or a list of OpenAI text parts joined; None gives empty text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_part(part) for part in value)
    raise Refused("not_text", _sample(value))


def word(value: Any) -> str | None:
    """A short string such as an id or name; None and "" give None, numbers and booleans their JSON text."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return json.dumps(value)
    raise Refused("not_text", _sample(value))


def messages_of(value: Any) -> list[Row]:
    """The messages of a conversation, or their JSON text: at least one, each an object."""
    found = listed(parsed_json(value), "no_messages")
    if not found:
        raise Refused("no_messages")
    for one in found:
        if not isinstance(one, dict):
            raise Refused("bad_message", _sample(one))
    return found


def role_of(message: Row, roles: dict[str, str], key: str = "role") -> str:
    """The lake's role for a format's role name; raises Refused on an unknown role."""
    role = message.get(key)
    if not isinstance(role, str):
        raise Refused("bad_message", f"{key} is {_sample(role)}")
    if role not in roles:
        raise Refused("bad_role", role[:SAMPLE])
    return roles[role]


def call_of(value: Any) -> Call:
    """A tool call: {id, function: {name, arguments}} or {id, name, arguments}, each optionally as JSON text."""
    call = parsed_json(value, "bad_call")
    if not isinstance(call, dict):
        raise Refused("bad_call", _sample(call))
    function = parsed_json(call.get("function"), "bad_call")
    inner = function if isinstance(function, dict) else call
    name = inner.get("name")
    if not isinstance(name, str) or not name:
        raise Refused("bad_call", _sample(call))
    return Call(name, arguments_of(inner.get("arguments")), word(call.get("id")))


def arguments_of(value: Any) -> Row:
    """A call's arguments: an object or its JSON text; None and "" give no arguments."""
    arguments = parsed_json(value, "bad_arguments")
    if arguments is None or arguments == "":
        return {}
    if not isinstance(arguments, dict):
        raise Refused("bad_arguments", _sample(arguments))
    return arguments


def tools_of(value: Any) -> list[Row]:
    """Tool schemas in OpenAI's form, from a list of schemas or bare functions, or its JSON text."""
    return [_tool(parsed_json(one, "bad_tools")) for one in listed(value, "bad_tools")]


def openai(message: Row) -> Message:
    """A message in OpenAI's form, also the older form with `function_call`; reasoning is a field of its own."""
    role = role_of(message, ROLES)
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    calls = _calls(message) if role == "assistant" else []
    return Message(
        role,
        text(message.get("content")),
        text(reasoning) or None if role == "assistant" else None,
        tuple(call_of(one) for one in calls),
        word(message.get("tool_call_id")) if role == "tool" else None,
        word(message.get("name")) if role == "tool" else None,
    )


def _calls(message: Row) -> list[Any]:
    """The calls of an assistant message: `tool_calls`, or the single `function_call` of older sets."""
    calls = listed(message.get("tool_calls"), "bad_call")
    return calls or ([message["function_call"]] if message.get("function_call") else [])


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, dict) and isinstance(part.get("text"), str):
        return str(part["text"])
    raise Refused("not_text", _sample(part))


def _tool(tool: Any) -> Row:
    function = tool.get("function", tool) if isinstance(tool, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str) or not function["name"]:
        raise Refused("bad_tools", _sample(tool))
    return {"type": "function", "function": function}


def _sample(value: Any) -> str:
    return json.dumps(value, default=str)[:SAMPLE]
