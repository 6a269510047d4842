"""Reads requests of Anthropic's Messages API with their answer: system prompt, content blocks, input_schema.

Calls are `tool_use` blocks of the assistant, results `tool_result` blocks of the next user message. Source:
Anthropic's Messages API reference. A stored response (`content` at the top of `response`) is the last message.
"""

from flows.imports.formats.attempt.leftover import unread
from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import messages_of, object_of, text, truth_of, word
from flows.imports.formats.values.tools import tools_of

REQUEST = frozenset({"messages", "system", "tools", "model"})
BLOCKS = {"tool_use", "tool_result", "thinking", "redacted_thinking", "server_tool_use"}


def anthropic(row: Row) -> Attempt:
    """Convert one conversation."""
    request = object_of(row.get("request")) or row
    response = object_of(row.get("response"))
    raw = [*messages_of(request.get("messages")), *([response] if response.get("content") else [])]
    turns = chat(raw)
    system = text(request.get("system"))
    return Attempt(
        messages=(Message("system", system), *turns) if system else turns,
        tools=tools_of(request.get("tools")),
        truth=truth_of(row.get("answer")),
        model=word(request.get("model") or row.get("model")),
        metadata=unread(row, ("request", "response"), REQUEST | {"content", "role"}),
    )


def recognise(row: Row) -> Sign | None:
    """Blocks or schemas that only Anthropic's API writes."""
    inner = row.get("request")
    request = inner if isinstance(inner, dict) else row
    messages, tools = (request.get(name) for name in ("messages", "tools"))
    if not isinstance(messages, list):
        return None
    blocks = [
        block
        for one in messages
        if isinstance(one, dict) and isinstance(one.get("content"), list)
        for block in one["content"]
        if isinstance(block, dict)
    ]
    if any(str(block.get("type")) in BLOCKS for block in blocks):
        return Sign(0.9, "content blocks such as tool_use and tool_result")
    if isinstance(tools, list) and any(isinstance(one, dict) and "input_schema" in one for one in tools):
        return Sign(0.85, "tools with input_schema")
    return None


FIELDS = frozenset({*REQUEST, "request", "response", "answer"})
ANTHROPIC = Format(anthropic, FIELDS, recognise)
