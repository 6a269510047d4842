"""Hostile values read as what they should be: text, lists, calls, tools. Raises Refused on all else.

Sets store the same thing in several ways (a list, or JSON of it; OpenAI's call, or its bare function), so the
ways are known here once.
"""

import json
import math
import re
from typing import Any

import orjson

from flows.imports.formats.conversation import Call, Message, Refused, Row

SAMPLE = 80
"""Characters of a value that a refusal quotes."""
LONG = re.compile(r"\d{19}")
"""Digits of a whole number that orjson may hand on as a float: JSON has no largest one."""
ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}


def from_json(text: str | bytes) -> Any:
    """What JSON says, whole numbers exactly; raises Refused for what is none, or holds half a surrogate pair."""
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


def opened(value: Any, code: str = "not_json") -> Any:
    """A value that may stand there as JSON text; `code` is the refusal of text that is none."""
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return from_json(value)
    except Refused as refusal:
        if refusal.code == "not_json":
            raise Refused(code, f"{_sample(value)}: {refusal.detail}") from refusal
        raise


def listed(value: Any, code: str) -> list[Any]:
    """A list, or JSON of one; nothing is an empty list."""
    found = opened(value, code)
    if found is None or found == "":
        return []
    if not isinstance(found, list):
        raise Refused(code, _sample(found))
    return found


def text(value: Any) -> str:
    """Text, or a list of text parts as OpenAI writes them; nothing is empty text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_part(part) for part in value)
    raise Refused("not_text", _sample(value))


def word(value: Any) -> str | None:
    """A short text such as an id or a name; None for nothing. Numbers, true and false are written as JSON does."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return value
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return json.dumps(value)
    raise Refused("not_text", _sample(value))


def messages_of(value: Any) -> list[Row]:
    """The messages of a conversation, or JSON of them: at least one, each an object."""
    found = listed(opened(value), "no_messages")
    if not found:
        raise Refused("no_messages")
    for one in found:
        if not isinstance(one, dict):
            raise Refused("bad_message", _sample(one))
    return found


def role_of(message: Row, roles: dict[str, str], key: str = "role") -> str:
    """The role as the lake names it, by the names of a format."""
    said = message.get(key)
    if not isinstance(said, str):
        raise Refused("bad_message", f"{key} is {_sample(said)}")
    if said not in roles:
        raise Refused("bad_role", said[:SAMPLE])
    return roles[said]


def call_of(value: Any) -> Call:
    """A call: {id, function: {name, arguments}} or {id, name, arguments}, each of them maybe JSON."""
    made = opened(value, "bad_call")
    if not isinstance(made, dict):
        raise Refused("bad_call", _sample(made))
    function = opened(made.get("function"), "bad_call")
    inner = function if isinstance(function, dict) else made
    name = inner.get("name")
    if not isinstance(name, str) or not name:
        raise Refused("bad_call", _sample(made))
    return Call(name, arguments_of(inner.get("arguments")), word(made.get("id")))


def arguments_of(value: Any) -> Row:
    """A call's arguments: an object or JSON of one; nothing is no arguments."""
    said = opened(value, "bad_arguments")
    if said is None or said == "":
        return {}
    if not isinstance(said, dict):
        raise Refused("bad_arguments", _sample(said))
    return said


def tools_of(value: Any) -> list[Row]:
    """Tool schemas as OpenAI writes them, from a list of them or of their bare functions, or JSON of one."""
    return [_tool(opened(one, "bad_tools")) for one in listed(value, "bad_tools")]


def openai(message: Row) -> Message:
    """A message as OpenAI writes it, or wrote it before `tool_calls`; reasoning stands beside the content."""
    role = role_of(message, ROLES)
    reasoning = message.get("reasoning_content") or message.get("reasoning")
    made = _made(message) if role == "assistant" else []
    return Message(
        role,
        text(message.get("content")),
        text(reasoning) or None if role == "assistant" else None,
        tuple(call_of(one) for one in made),
        word(message.get("tool_call_id")) if role == "tool" else None,
        word(message.get("name")) if role == "tool" else None,
    )


def _made(message: Row) -> list[Any]:
    """The calls of an assistant's message: `tool_calls`, or the one `function_call` of older sets."""
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
