"""Reads requests of Amazon Bedrock's Converse API with their answer, as its clients and Strands agents log them.

A content block is an object with one field that names its kind: text, toolUse, toolResult, reasoningContent. Source:
Message, ContentBlock, ToolResultBlock and ToolConfiguration of the Bedrock runtime's API reference.
"""

from collections.abc import Iterator
from typing import Any

from flows.imports.formats.attempt.leftover import unread
from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import listed, messages_of, object_of, text, truth_of, word
from flows.imports.formats.values.tools import tools_of

READ = frozenset({"messages", "system", "toolConfig", "tool_config", "modelId"})
OWN = {"toolUse", "toolResult", "reasoningContent", "cachePoint", "guardContent", "citationsContent"}
"""Kinds of blocks that no other API names so."""


def bedrock(row: Row) -> Attempt:
    """Convert one conversation; the answer of a stored response is its last message."""
    request = object_of(row.get("request")) or row
    answer = object_of(object_of((object_of(row.get("response")) or row).get("output")).get("message"))
    raw = [*messages_of(request.get("messages")), *([answer] if answer else [])]
    turns = chat(one | {"content": list(_blocks(one.get("content")))} for one in raw)
    system = text(list(_blocks(request.get("system"))))
    config = object_of(request.get("toolConfig") or request.get("tool_config"))
    return Attempt(
        messages=(Message("system", system), *turns) if system else turns,
        tools=tools_of(
            [_schema(one) for one in listed(config.get("tools"), "bad_tools") if not object_of(one).get("cachePoint")]
        ),
        truth=truth_of(row.get("answer")),
        model=word(request.get("modelId") or row.get("model")),
        metadata=unread(row, ("request", "response", "output"), READ | {"message"}, ("output",)),
    )


def _blocks(content: Any) -> Iterator[Any]:
    for block in [content] if isinstance(content, str | dict) else listed(content, "bad_message"):
        yield from _block(block) if isinstance(block, dict) and "type" not in block else [block]


def _block(block: Row) -> Iterator[Any]:
    """A block in the form of Anthropic's API, which `values/` reads."""
    if call := object_of(block.get("toolUse")):
        yield {"type": "tool_use", "id": call.get("toolUseId"), "name": call.get("name"), "input": call.get("input")}
    elif result := object_of(block.get("toolResult")):
        parts = list(_blocks(result.get("content")))
        failed = {"is_error": True} if result.get("status") == "error" else {}
        yield {"type": "tool_result", "tool_use_id": result.get("toolUseId"), "content": parts} | failed
    elif thought := object_of(block.get("reasoningContent")):
        readable = object_of(thought.get("reasoningText")).get("text") or thought.get("text")
        yield {"type": "thinking", "thinking": readable} if readable else {"type": "redacted_thinking"}
    elif cited := object_of(block.get("citationsContent")):
        yield from _blocks(cited.get("content"))
    elif guarded := object_of(block.get("guardContent")):
        yield object_of(guarded.get("text")) or {"type": "image"}
    elif "cachePoint" not in block:
        kind = next(iter(block), "")
        yield block if kind == "text" else {"type": kind} | ({kind: block[kind]} if kind else {})


def _schema(tool: Any) -> Row:
    found = object_of(tool)
    spec = object_of(found.get("toolSpec")) or found
    schema = object_of(spec.get("inputSchema"))
    return {key: one for key, one in spec.items() if key != "inputSchema"} | {"parameters": schema.get("json") or {}}


def recognise(row: Row) -> Sign | None:
    """Blocks or settings that only the Converse API writes."""
    inner = row.get("request")
    request = inner if isinstance(inner, dict) else row
    messages = request.get("messages")
    if not isinstance(messages, list):
        return None
    contents = [one["content"] for one in messages if isinstance(one, dict) and isinstance(one.get("content"), list)]
    if any(isinstance(block, dict) and OWN & block.keys() for content in contents for block in content):
        return Sign(0.9, "content blocks such as toolUse and toolResult")
    return Sign(0.9, "the field `toolConfig`") if isinstance(request.get("toolConfig"), dict) else None


FIELDS = READ | {"request", "response", "output", "answer", "model"}
BEDROCK = Format(bedrock, FIELDS, recognise)
