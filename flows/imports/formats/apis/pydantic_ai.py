"""Reads histories of Pydantic AI: requests and responses in turn, each with parts that name their `part_kind`.

A request holds prompts and the returns of tools, a response text, thoughts and calls. A part `retry-prompt` is the
error of a tool, or of an output that did not fit. Source: the reference of `pydantic_ai.messages`.
"""

from collections.abc import Iterator
from typing import Any

from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.calls import with_arguments
from flows.imports.formats.values.coerce import json_text, listed, messages_of, object_of, text, truth_of, word
from flows.imports.formats.values.steps import Step, step_messages
from flows.imports.formats.values.tools import tools_of

PROMPTS = {"system-prompt": "system", "user-prompt": "user"}
CALLS, RETURNS = ("tool-call", "builtin-tool-call"), ("tool-return", "builtin-tool-return")
RETRY = "retry-prompt"


def pydantic_ai(row: Row) -> Attempt:
    """Convert one history."""
    raw = messages_of(row.get("messages"))
    system = next((text(one.get("instructions")) for one in raw if one.get("instructions")), "")
    turns = tuple(one for message in raw for one in _message(message))
    named = next((one.get("model_name") for one in raw if one.get("model_name")), None)
    return Attempt(
        messages=(Message("system", system), *turns) if system else turns,
        tools=tools_of(row.get("tools")),
        truth=truth_of(row.get("answer")),
        model=word(row.get("model") or named),
    )


def _message(message: Row) -> Iterator[Message]:
    parts = [object_of(one) for one in listed(message.get("parts"), "bad_message")]
    if message.get("kind") == "request":
        yield from (one for part in parts for one in _asked(part))
        return
    extra = leftover(message, frozenset({"kind", "parts", "instructions"}))
    yield from step_messages(parts, "assistant", extra, _speaks, _add)


def _asked(part: Row) -> Iterator[Message]:
    kind = str(part.get("part_kind"))
    if kind in RETURNS or (kind == RETRY and part.get("tool_name")):
        yield _result(part, failed=kind == RETRY)
    elif kind == RETRY or kind in PROMPTS:
        yield Message(PROMPTS.get(kind, "user"), _words(part.get("content")))


def _speaks(part: Row) -> bool:
    return part.get("part_kind") in ("text", "thinking")


def _add(step: Step, part: Row) -> None:
    kind = str(part.get("part_kind"))
    if kind == "text":
        step.text += str(part.get("content") or "")
    elif kind == "thinking":
        step.reasoning.append(str(part.get("content") or ""))
    elif kind in CALLS:
        name, id = str(part.get("tool_name") or ""), word(part.get("tool_call_id"))
        step.calls.append(with_arguments(name, part.get("args"), id))
    elif kind in RETURNS:
        step.results.append(_result(part, failed=False))
    elif kind:
        step.add_media(f"[{kind}]")


def _result(part: Row, *, failed: bool) -> Message:
    name, id = word(part.get("tool_name")), word(part.get("tool_call_id"))
    return Message("tool", _words(part.get("content")), answers=id, name=name, failed=failed or None)


def _words(content: Any) -> str:
    """A prompt of text and media, or the JSON of what a tool returned."""
    plain = content if isinstance(content, list) and any(isinstance(one, str) for one in content) else None
    if isinstance(content, str) or plain is not None:
        parts = [{"type": one.get("kind") or "file"} if isinstance(one, dict) else one for one in plain or [content]]
        return text([{"type": "image"} if one == {"type": "image-url"} else one for one in parts])
    return "" if content is None else json_text(content)


def recognise(row: Row) -> Sign | None:
    """Messages whose parts have a `part_kind`."""
    messages = row.get("messages")
    first = messages[0] if isinstance(messages, list) and messages else None
    parts = first.get("parts") if isinstance(first, dict) else None
    if isinstance(parts, list) and any(isinstance(one, dict) and "part_kind" in one for one in parts):
        return Sign(0.95, "messages with parts that have a `part_kind`")
    return None


PYDANTIC_AI = Format(pydantic_ai, frozenset({"messages", "tools", "answer", "model"}), recognise)
