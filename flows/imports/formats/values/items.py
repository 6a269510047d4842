"""Reads items of OpenAI's Responses API: messages, reasoning, calls and their outputs side by side.

Codex logs the same items. Tools that the provider runs itself (web search, file search, the code interpreter, MCP)
have an item of their own, which holds the call and its result.
"""

from collections.abc import Iterator
from typing import Any

from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.conversation import Call, Message, Row
from flows.imports.formats.values.calls import with_arguments
from flows.imports.formats.values.chat import ROLES
from flows.imports.formats.values.coerce import json_text, object_of, role_of, text, word
from flows.imports.formats.values.parts import Content, content_of, reasoning_text

OUTPUTS = {"function_call_output", "custom_tool_call_output", "local_shell_call_output", "mcp_tool_call_output",
           "tool_search_output"}  # fmt: skip
PROVIDED = {"web_search_call", "file_search_call", "code_interpreter_call", "mcp_call"}
"""Calls that the provider answers itself, in the same item."""
SPOKEN = OUTPUTS | PROVIDED | {"message", "reasoning", "function_call", "custom_tool_call", "local_shell_call",
                               "tool_search_call"}  # fmt: skip
"""Items of the conversation; others (snapshots of the work tree, compactions) are the harness's."""
READ = frozenset({
    "type", "role", "content", "call_id", "name", "arguments", "input", "output", "action", "summary", "tools",
    "queries", "results", "code", "outputs", "error",
})  # fmt: skip


def item_messages(item: Row) -> Iterator[Message]:
    """The messages of one item; none of an item that is not of the conversation."""
    kind, extra = str(item.get("type")), leftover(item, READ)
    call_id = word(item.get("call_id") or item.get("id"))
    if kind == "message":
        role, content = role_of(item, ROLES), content_of(item.get("content"))
        yield Message(role, content.text, notes=tuple(content.notes), extra=extra)
    elif kind == "reasoning":
        parts = (reasoning_text(item.get("summary")), reasoning_text(item.get("content")))
        words = "\n".join(part for part in parts if part)
        yield Message("assistant", reasoning=words or None, notes=() if words else ("redacted_reasoning",), extra=extra)
    elif kind in OUTPUTS:
        content = _output(item.get("output", item.get("tools")))
        yield Message("tool", content.text, answers=word(item.get("call_id")), notes=tuple(content.notes), extra=extra)
    elif kind in SPOKEN:
        call = _call(kind, item, call_id)
        yield Message("assistant", calls=(call,), extra=extra)
        if kind in PROVIDED:
            yield _provided(item, call)


def _call(kind: str, item: Row, call_id: str | None) -> Call:
    """The call of an item; calls of the provider's own tools are named after the item."""
    if kind == "function_call":
        return with_arguments(str(item.get("name")), item.get("arguments"), call_id)
    if kind == "custom_tool_call":
        return Call(str(item.get("name")), {"input": text(item.get("input"))}, call_id)
    if kind == "tool_search_call":
        return with_arguments("tool_search", item.get("arguments"), call_id)
    if kind == "mcp_call":
        return with_arguments(str(item.get("name")), item.get("arguments"), call_id or kind)
    name = kind.removesuffix("_call")
    given = {key: item[key] for key in ("queries", "code") if item.get(key)}
    return Call(name, object_of(item.get("action")) or given, call_id or name)


def _provided(item: Row, call: Call) -> Message:
    """The result of a call that the provider answered; empty where the item does not show it."""
    error = item.get("error")
    content = _output(next((item[key] for key in ("output", "outputs", "results", "error") if item.get(key)), None))
    notes = tuple(content.notes)
    return Message("tool", content.text, answers=call.id, failed=True if error else None, notes=notes)


def _output(value: Any) -> Content:
    """The content of an output: text, parts, or an object with `content` or `output`, also as JSON text."""
    inner = object_of(value) if isinstance(value, str) and value.startswith('{"output"') else value
    if isinstance(inner, dict):
        found = inner.get("output", inner.get("content"))
        return Content(found if isinstance(found, str) else json_text(inner))
    if isinstance(inner, list) and not all(isinstance(one, dict) and "type" in one for one in inner):
        return Content(json_text(inner))
    return content_of(inner)
