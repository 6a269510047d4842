"""Helpers of several views: the tool calls of a released message, JSON text, and reasoning written into the content."""

import json

from flows.publish.views.view import Message, Row

REASONING_END = "\n</think>\n\n"


def tool_calls(message: Message) -> list[Row]:
    """The tool calls of a released message: id, name and arguments each."""
    calls: list[Row] = json.loads(message["tool_calls"]) if message["tool_calls"] else []
    return calls


def as_json(value: object) -> str:
    """The value as JSON text; a string counts as JSON already."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def think_block(reasoning: str | None) -> str:
    """The reasoning as a `<think>` block to put before the content; empty if there is none."""
    return f"<think>\n{reasoning}{REASONING_END}" if reasoning else ""
