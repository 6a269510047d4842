"""Reads requests of OpenAI's Responses API with their answer: `input`, `output`, `instructions` and flat tools.

Agents SDKs and gateways log one row per response, whose `input` holds the items so far. A run's list of items alone
(`items`) is read, too. Source: the Responses API reference (input and output items) and the openai package's types.
"""

from typing import Any

from flows.imports.formats.attempt.leftover import leftover, unread
from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.coerce import listed, object_of, parsed_json, text, truth_of, word
from flows.imports.formats.values.items import SPOKEN, item_messages
from flows.imports.formats.values.tools import tools_of

LISTS = ("input", "output", "items")
READ = frozenset({*LISTS, "instructions", "tools", "model"})
LOGGED = ("request", "body", "response")


def responses(row: Row) -> Attempt:
    """Convert one response with the items before it."""
    request = object_of(row.get("request")) or object_of(row.get("body")) or row
    response = object_of(row.get("response")) or row
    items = [*_items(request.get("input")), *_items(response.get("output")), *_items(row.get("items"))]
    spoken = [one | {"type": _kind(one)} for one in items if _kind(one) in SPOKEN]
    system = text(request.get("instructions") or response.get("instructions"))
    turns = tuple(one for item in spoken for one in item_messages(item))
    others = [leftover(one, frozenset()) for one in items if _kind(one) not in SPOKEN]
    offered = listed(request.get("tools") or response.get("tools"), "bad_tools")
    silent = {"other_items": others, "other_tools": [one for one in offered if not _is_function(one)]}
    return Attempt(
        messages=(Message("system", system), *turns) if system else turns,
        tools=tools_of([one for one in offered if _is_function(one)]),
        truth=truth_of(row.get("answer")),
        model=word(response.get("model") or request.get("model")),
        metadata=unread(row, LOGGED, READ) | {name: kept for name, kept in silent.items() if kept},
    )


def _items(value: Any) -> list[Row]:
    """Items, or a text as the item of the user who wrote it."""
    found = parsed_json(value) if isinstance(value, str) and value.lstrip().startswith("[{") else value
    if isinstance(found, str):
        return [{"type": "message", "role": "user", "content": found}] if found else []
    return [one for one in listed(found, "no_messages") if isinstance(one, dict)]


def _kind(item: Row) -> str:
    """The type of an item; a bare {role, content} is a message."""
    return str(item.get("type") or ("message" if "role" in item else ""))


def _is_function(tool: Any) -> bool:
    return isinstance(tool, dict) and bool(tool.get("name") or tool.get("function"))


def recognise(row: Row) -> Sign | None:
    """A list of typed items as `input`, `output` or `items`."""
    held = (row, *(row.get(name) for name in LOGGED))
    for inner in (one for one in held if isinstance(one, dict)):
        for name in LISTS:
            found = inner.get(name)
            items = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
            if items and all(_kind(one) in SPOKEN or _kind(one).endswith("_call") for one in items) and _typed(items):
                return Sign(0.85, f"`{name}` with items of the Responses API")
    return None


def _typed(items: list[Row]) -> bool:
    """True if an item has a type: a plain list of {role, content} is a conversation of another format."""
    return any(str(one.get("type")) in SPOKEN for one in items)


FIELDS = READ | {*LOGGED, "answer"}
RESPONSES = Format(responses, FIELDS, recognise, split_completions=True)
