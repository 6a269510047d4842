"""Reads messages of Vercel's AI SDK: those of its chats (`parts`) and those that it sends to models.

One message of the assistant holds all steps of an answer: text, reasoning, and tools with their input and output;
version 4 nests them in `toolInvocation`. Messages to models have parts `tool-call`, and messages of the role tool
parts `tool-result`. Source: UIMessage, ModelMessage and their older forms in the reference of the AI SDK, 4 to 6.
"""

from collections.abc import Iterator
from typing import Any

from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.conversation import Attempt, Call, Format, Message, Row, Sign
from flows.imports.formats.values.calls import with_arguments
from flows.imports.formats.values.chat import ROLES
from flows.imports.formats.values.coerce import json_text, listed, messages_of, object_of, role_of, text, truth_of, word
from flows.imports.formats.values.steps import Step, step_messages
from flows.imports.formats.values.tools import tools_of

TOOL, DYNAMIC, INVOCATION = "tool-", "dynamic-tool", "tool-invocation"
CALL, RESULT = "tool-call", "tool-result"
SILENT = ("step-start", "source", "source-url", "source-document")
"""Parts that are no words of the conversation; sources are kept in the metadata."""
READ = frozenset({"role", "content", "parts", "toolInvocations", "reasoning"})


def ai_sdk(row: Row) -> Attempt:
    """Convert one conversation."""
    turns = tuple(one for message in messages_of(row.get("messages")) for one in _message(message))
    system = text(row.get("system"))
    return Attempt(
        messages=(Message("system", system), *turns) if system else turns,
        tools=tools_of(row.get("tools")),
        truth=truth_of(row.get("answer")),
        model=word(row.get("model")),
    )


def _message(message: Row) -> Iterator[Message]:
    role, parts = role_of(message, ROLES), list(_parts(message))
    sources = [one for one in parts if str(one.get("type")).startswith(("source", "data-"))]
    extra = leftover(message, READ) | ({"parts": sources} if sources else {})
    yield from step_messages(parts, role, extra, _speaks, _add)


def _parts(message: Row) -> Iterator[Row]:
    """The parts of a message, also of an older one, whose calls stand beside its text."""
    own = message.get("parts") or message.get("content")
    beside = [] if message.get("parts") else listed(message.get("toolInvocations"), "bad_call")
    if beside and isinstance(message.get("reasoning"), str):
        yield {"type": "reasoning", "text": message["reasoning"]}
    for one in beside:
        yield {"type": INVOCATION, "toolInvocation": one}
    for one in [own] if isinstance(own, str | dict) else listed(own, "bad_message"):
        if one:
            yield one if isinstance(one, dict) else {"type": "text", "text": str(one)}


def _speaks(part: Row) -> bool:
    return str(part.get("type")) in ("text", "reasoning", "step-start")


def _add(step: Step, part: Row) -> None:
    kind = str(part.get("type"))
    if kind == "reasoning":
        step.reasoning.append(str(part.get("text") or part.get("reasoning") or ""))
    elif kind == CALL:
        step.calls.append(_call(part))
    elif kind == RESULT:
        step.results.append(_result(part))
    elif kind in (INVOCATION, DYNAMIC) or (kind.startswith(TOOL) and "toolCallId" in part):
        _add_tool(step, object_of(part.get("toolInvocation")) or {"toolName": kind.removeprefix(TOOL)} | part)
    elif kind == "text":
        step.text += str(part.get("text") or "")
    elif kind not in SILENT and not kind.startswith("data-"):
        media = str(part.get("mediaType") or part.get("mimeType") or "")
        step.add_media(text([{"type": "image"} if media.startswith("image/") else part]))


def _add_tool(step: Step, part: Row) -> None:
    """A call, with its result once that has come."""
    step.calls.append(_call(part))
    if part.get("state") in ("output-available", "output-error", "result") or "result" in part or "errorText" in part:
        step.results.append(_result(part))


def _call(part: Row) -> Call:
    given = next((part[name] for name in ("input", "args", "rawInput") if part.get(name) is not None), None)
    return with_arguments(str(part.get("toolName") or ""), given, word(part.get("toolCallId")))


def _result(part: Row) -> Message:
    output = next((part[name] for name in ("errorText", "output", "result") if part.get(name) is not None), "")
    kind = output.get("type") if isinstance(output, dict) else None
    if isinstance(output, dict) and kind in ("text", "json", "error-text", "error-json", "content"):
        output = output.get("value")
    told = text(output) if kind == "content" else output if isinstance(output, str) else json_text(output)
    failed = True if "errorText" in part or part.get("isError") is True or str(kind).startswith("error") else None
    return Message("tool", told, answers=word(part.get("toolCallId")), name=word(part.get("toolName")), failed=failed)


def recognise(row: Row) -> Sign | None:
    """Parts of tools or of chats, in the SDK's spelling."""
    messages = row.get("messages")
    for message in messages if isinstance(messages, list) else ():
        if not isinstance(message, dict):
            return None
        if "role" in message and ("toolInvocations" in message or _is_chat(message.get("parts"))):
            return Sign(0.85, "messages with `parts` or `toolInvocations` of the AI SDK")
        content = message.get("content")
        parts = content if isinstance(content, list) else []
        if any(isinstance(one, dict) and one.get("type") in (CALL, RESULT) for one in parts):
            return Sign(0.85, "parts tool-call and tool-result of the AI SDK")
    return None


def _is_chat(parts: Any) -> bool:
    """True for parts in the SDK's spelling: another standard writes a text part's words as `content`."""
    found = parts if isinstance(parts, list) else []
    named = bool(found) and all(isinstance(one, dict) and "type" in one for one in found)
    return named and not any(one["type"] == "text" and "text" not in one for one in found)


FIELDS = frozenset({"messages", "system", "tools", "answer", "model"})
AI_SDK = Format(ai_sdk, FIELDS, recognise)
