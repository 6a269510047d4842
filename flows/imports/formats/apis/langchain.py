"""Reads messages of LangChain and LangGraph, as runs in LangSmith and saved states of graphs hold them.

A message is bare ({type, content, …}), with `data` (messages_to_dict) or a constructor with `kwargs` (dumpd). Calls
are {name, args, id}; the provider's own blocks of the same calls, and the arguments that could not be parsed, are
kept beside them. Source: langchain_core.messages (base, ai, tool, content) and langchain_core.load.dump.
"""

from typing import Any

from flows.imports.formats.attempt.leftover import unread
from flows.imports.formats.conversation import Attempt, Format, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import listed, messages_of, object_of, truth_of, word
from flows.imports.formats.values.tools import tools_of

KINDS = {
    "human": "user", "ai": "assistant", "system": "system", "developer": "developer", "tool": "tool",
    "function": "function",
}  # fmt: skip
REMOVED = "remove"
"""A message that only removes another one from a graph's state."""
CALL_BLOCKS = {"tool_use", "tool_call", "function_call", "input_json_delta", "tool_call_chunk", "invalid_tool_call"}
READ = {
    "type", "content", "tool_calls", "invalid_tool_calls", "tool_call_id", "name", "role", "status",
    "additional_kwargs", "example", "tool_call_chunks",
}  # fmt: skip


def langchain(row: Row) -> Attempt:
    """Convert one list of messages, of a run that of its output."""
    raw = [_unwrapped(one) for one in _messages(row)]
    models = (object_of(inner.get("response_metadata")) for _, inner in raw)
    named = (one.get("model_name") or one.get("model") for one in models)
    return Attempt(
        messages=chat(_message(kind, inner) for kind, inner in raw if kind != REMOVED),
        tools=tools_of(row.get("tools")),
        truth=truth_of(row.get("answer")),
        model=word(row.get("model") or next((one for one in named if one), None)),
        metadata=unread(row, ("inputs", "outputs"), frozenset({"messages"})),
    )


def _messages(row: Row) -> list[Row]:
    held = (
        object_of(row.get("outputs")).get("messages")
        or row.get("messages")
        or object_of(row.get("inputs")).get("messages")
    )
    return messages_of(held)


def _unwrapped(message: Row) -> tuple[str, Row]:
    """The kind of a message, as its type names it, and its fields."""
    if isinstance(message.get("kwargs"), dict):
        path = message.get("id")
        name = str(path[-1]) if isinstance(path, list) and path else ""
        kind = str(message["kwargs"].get("type") or name.removesuffix("Chunk").removesuffix("Message").lower())
        return kind, message["kwargs"]
    inner = object_of(message.get("data")) or message
    return str(message.get("type") or inner.get("type") or "").removesuffix("MessageChunk").lower(), inner


def _message(kind: str, inner: Row) -> Row:
    """A message in the form that `chat` reads."""
    more = object_of(inner.get("additional_kwargs"))
    calls = listed(inner.get("tool_calls"), "bad_call") or listed(more.get("tool_calls"), "bad_call")
    broken = [] if calls == more.get("tool_calls") else listed(inner.get("invalid_tool_calls"), "bad_call")
    made = [*calls, *broken]
    kept = {key: value for key, value in more.items() if key != "tool_calls"}
    extra = {key: value for key, value in inner.items() if key not in READ}
    return extra | kept | {
        "role": KINDS.get(kind) or inner.get("role") or kind,
        "content": _without_calls(inner.get("content")) if made else inner.get("content"),
        "tool_calls": made,
        "tool_call_id": inner.get("tool_call_id"),
        "name": inner.get("name"),
        **({"is_error": True} if inner.get("status") == "error" else {}),
    }  # fmt: skip


def _without_calls(content: Any) -> Any:
    """The content without the provider's blocks of calls that are in `tool_calls`, too."""
    if not isinstance(content, list):
        return content
    return [one for one in content if not (isinstance(one, dict) and str(one.get("type")) in CALL_BLOCKS)]


def recognise(row: Row) -> Sign | None:
    """Messages whose `type` names the speaker."""
    outputs, inputs = row.get("outputs"), row.get("inputs")
    held = [one.get("messages") for one in (row, outputs, inputs) if isinstance(one, dict)]
    for messages in (one for one in held if isinstance(one, list) and one):
        if all(isinstance(one, dict) and _is_own(one) for one in messages):
            return Sign(0.95, "messages of LangChain: `type` human, ai or tool")
    return None


def _is_own(message: Row) -> bool:
    kind, inner = _unwrapped(message)
    return kind in KINDS and "content" in inner and (inner is not message or "role" not in message)


LANGCHAIN = Format(langchain, frozenset({"messages", "inputs", "outputs", "tools", "answer", "model"}), recognise)
