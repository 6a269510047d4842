"""Reads the Agent Data Protocol (neulab, schema/SCHEMA.md): a list of actions and observations by `class_`.

API actions become calls, code actions calls of `execute_LANGUAGE`, message actions text. An observation after a
call is its result; one from the user is a user message. A <finish> tag around the last message is dropped: it marks
the end. Fields follow the protocol's pydantic models (schema/action, schema/observation).
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.conversation import Attempt, Call, Format, Message, Refused, Row, Sign
from flows.imports.formats.values.coerce import messages_of, object_of, text, word
from flows.imports.formats.values.tools import tools_of

FINISH = re.compile(r"<finish>(.*)</finish>", re.DOTALL)
READ = frozenset({
    "class_", "function", "kwargs", "description", "reasoning_content", "language", "content", "source", "html",
    "axtree", "image_observation", "tool_call_id",
})  # fmt: skip


def adp(row: Row) -> Attempt:
    """Convert one standardized trajectory."""
    return Attempt(
        messages=tuple(_messages(messages_of(row.get("content")))),
        tools=tools_of(row.get("tools")),
        model=word(object_of(row.get("details")).get("model_name")),
    )


def _messages(items: list[Row]) -> Iterator[Message]:
    waiting = 0
    for item in items:
        kind = str(item.get("class_", "")).replace("_", "").lower()
        extra = leftover(item, READ)
        if kind.endswith("action"):
            message = _action(item, kind, extra)
            waiting += len(message.calls)
            yield message
            continue
        content, notes = _observed(item)
        from_user = item.get("source") == "user"
        if waiting and not from_user:
            waiting -= 1
            yield Message("tool", content, answers=word(item.get("tool_call_id")), notes=notes, extra=extra)
        elif item.get("source") == "agent":
            yield Message("assistant", content, notes=notes, extra=extra)
        else:
            yield Message("user", content, notes=notes, extra=extra)


def _action(item: Row, kind: str, extra: Row) -> Message:
    reasoning, described = text(item.get("reasoning_content")) or None, text(item.get("description"))
    name = word(item.get("tool_call_id"))
    if kind == "messageaction":
        content = text(item.get("content"))
        found = FINISH.fullmatch(content.strip())
        words = [described, found[1].strip() if found else content]
        return Message("assistant", "\n".join(part for part in words if part), reasoning, extra=extra)
    if kind == "codeaction":
        language = word(item.get("language")) or "code"
        call = Call(f"execute_{language}", {"code": text(item.get("content"))}, name)
    elif kind == "apiaction" and isinstance(item.get("function"), str) and item["function"]:
        call = Call(item["function"], object_of(item.get("kwargs")), name)
    else:
        raise Refused("bad_call", json.dumps(item, default=str)[:80])
    return Message("assistant", described, reasoning, (call,), extra=extra)


def _observed(item: Row) -> tuple[str, tuple[str, ...]]:
    """The text of an observation; a page is its accessibility tree, else its HTML."""
    content: Any = item.get("content")
    words = text(content) if isinstance(content, str) else json.dumps(content, ensure_ascii=False) if content else ""
    words = words or text(item.get("axtree")) or text(item.get("html"))
    is_image = bool(item.get("image_observation")) or "image" in str(item.get("class_", "")).lower()
    return (f"{words}\n[image]".strip(), ("image",)) if is_image else (words, ())


def recognise(row: Row) -> Sign | None:
    """Items with a `class_`."""
    items = row.get("content")
    if isinstance(items, list) and items and isinstance(items[0], dict) and "class_" in items[0]:
        return Sign(0.95, "a list `content` of items with `class_`")
    return None


ADP = Format(adp, frozenset({"content", "tools"}), recognise)
