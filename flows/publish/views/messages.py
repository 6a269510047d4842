"""Helpers of several views: the tool calls of a released message, JSON text, and reasoning written into the content."""

import json
from collections.abc import Iterable, Iterator

from flows.publish.views.view import Message, Row

REASONING_END = "\n</think>\n\n"


def tool_calls(message: Message) -> list[Row]:
    """The tool calls of a released message: id, name and arguments each."""
    calls: list[Row] = json.loads(message["tool_calls"]) if message["tool_calls"] else []
    return calls


def in_call_order(messages: Iterable[Message]) -> Iterator[Message]:
    """The messages, tool results in the order of their calls: formats without call ids pair them by order."""
    results: list[Message] = []
    places: dict[str, int] = {}
    for message in messages:
        if message["role"] == "tool":
            results.append(message)
            continue
        yield from sorted(results, key=lambda one: places.get(one["tool_call_id"], 0))
        results, places = [], {call["id"]: at for at, call in enumerate(tool_calls(message))}
        yield message
    yield from sorted(results, key=lambda one: places.get(one["tool_call_id"], 0))


def as_json(value: object) -> str:
    """The value as JSON text; a string counts as JSON already."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def think_block(reasoning: str | None) -> str:
    """The reasoning as a `<think>` block to put before the content; empty if there is none."""
    return f"<think>\n{reasoning}{REASONING_END}" if reasoning else ""
