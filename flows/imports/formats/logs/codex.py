"""Reads a session log of Codex (~/.codex/sessions/…/rollout-*.jsonl): lines of {timestamp, type, payload}.

`response_item` payloads are what the model read and wrote: message, reasoning, function_call with its output,
custom_tool_call, local_shell_call. `session_meta` and `turn_context` describe the session; `event_msg` repeats it
for the terminal and is left out. Older logs have the payloads as bare lines. Source: public descriptions of Codex's
rollout files.
"""

import json
from collections.abc import Iterator
from typing import Any

from flows.imports.formats.conversation import Attempt, Call, Format, Message, Row, Sign
from flows.imports.formats.logs.claude_code import EVENTS
from flows.imports.formats.values.calls import with_arguments
from flows.imports.formats.values.chat import ROLES
from flows.imports.formats.values.coerce import messages_of, object_of, role_of, text, word
from flows.imports.formats.values.parts import content_of, reasoning_text

TYPES = {"session_meta", "response_item", "event_msg", "turn_context", "compacted"}
ITEMS = {"message", "reasoning", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
         "local_shell_call", "web_search_call"}  # fmt: skip


def codex(row: Row) -> Attempt:
    """Convert one session."""
    lines = messages_of(row.get(EVENTS))
    payloads = [
        (one.get("type"), object_of(one.get("payload"))) if "payload" in one else (_kind(one), one) for one in lines
    ]
    meta = next((payload for kind, payload in payloads if kind == "session_meta"), {})
    contexts = [payload for kind, payload in payloads if kind == "turn_context"]
    base = meta.get("base_instructions")
    system = text(meta.get("instructions") or (base.get("text") if isinstance(base, dict) else base))
    turns = tuple(one for kind, payload in payloads if kind == "response_item" for one in _item(payload))
    return Attempt(
        messages=(Message("system", system), *turns) if system else turns,
        model=next((word(one["model"]) for one in contexts if one.get("model")), None),
        metadata={"session_meta": {k: v for k, v in meta.items() if k not in ("instructions", "base_instructions")}},
    )  # fmt: skip


def _kind(line: Row) -> str:
    return "response_item" if str(line.get("type")) in ITEMS else "session_meta" if "id" in line else "other"


def _item(item: Row) -> Iterator[Message]:
    kind = item.get("type")
    call_id = word(item.get("call_id") or item.get("id"))
    if kind == "message":
        role, content = role_of(item, ROLES), content_of(item.get("content"))
        yield Message(role, content.text, notes=tuple(content.notes))
    elif kind == "reasoning":
        words = "\n".join(
            part for part in (reasoning_text(item.get("summary")), reasoning_text(item.get("content"))) if part
        )
        yield Message("assistant", reasoning=words or None, notes=() if words else ("redacted_reasoning",))
    elif kind in ("function_call_output", "custom_tool_call_output"):
        yield Message("tool", _output(item.get("output")), answers=call_id)
    elif kind == "function_call":
        yield Message("assistant", calls=(with_arguments(str(item.get("name")), item.get("arguments"), call_id),))
    elif kind == "custom_tool_call":
        yield Message("assistant", calls=(Call(str(item.get("name")), {"input": text(item.get("input"))}, call_id),))
    elif kind == "local_shell_call":
        yield Message("assistant", calls=(Call("local_shell", object_of(item.get("action")), call_id),))
    elif kind == "web_search_call":
        yield Message("assistant", calls=(Call("web_search", object_of(item.get("action")), call_id or "web_search"),))
        yield Message("tool", "", answers=call_id or "web_search")


def _output(value: Any) -> str:
    """The text of an output: text, parts, or an object with `content` or `output`, also as JSON text."""
    inner = object_of(value) if isinstance(value, str) and value.startswith('{"output"') else value
    if isinstance(inner, dict):
        found = inner.get("output", inner.get("content"))
        return found if isinstance(found, str) else json.dumps(inner, ensure_ascii=False, default=str)
    return text(inner)


def recognise(row: Row) -> Sign | None:
    """Lines with a payload, or bare response items."""
    events = row.get(EVENTS)
    if isinstance(events, list) and any(isinstance(one, dict) and is_line(one) for one in events):
        return Sign(1.0, "lines of {timestamp, type, payload}")
    return None


def is_line(line: Row) -> bool:
    """True if a line is one of such a log."""
    return str(line.get("type")) in TYPES and isinstance(line.get("payload"), dict)


CODEX = Format(codex, frozenset({EVENTS}), recognise, split_completions=True)
