"""Reads a session log of Codex (~/.codex/sessions/…/rollout-*.jsonl): lines of {timestamp, type, payload}.

`response_item` payloads are what the model read and wrote. `session_meta`, `turn_context` and all other lines stay in
the metadata; `event_msg` repeats the conversation for the terminal and is only counted there. Older logs have the
payloads as bare lines. Source: RolloutItem and ResponseItem of openai/codex (codex-rs/protocol and codex-rs/history).
"""

from collections import Counter
from collections.abc import Iterator

from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.logs.claude_code import EVENTS
from flows.imports.formats.values.coerce import messages_of, object_of, text, word
from flows.imports.formats.values.items import SPOKEN, item_messages

TYPES = {"session_meta", "response_item", "event_msg", "turn_context", "compacted", "world_state",
         "inter_agent_communication", "inter_agent_communication_metadata"}  # fmt: skip
ITEMS = SPOKEN | {"agent_message", "ghost_snapshot", "image_generation_call", "compaction", "context_compaction"}


def codex(row: Row) -> Attempt:
    """Convert one session."""
    lines = messages_of(row.get(EVENTS))
    payloads = [
        (word(one.get("type")) or "", object_of(one.get("payload"))) if "payload" in one else (_kind(one), one)
        for one in lines
    ]
    meta = next((payload for kind, payload in payloads if kind == "session_meta"), {})
    contexts = [payload for kind, payload in payloads if kind == "turn_context"]
    base = meta.get("base_instructions")
    system = text(meta.get("instructions") or (base.get("text") if isinstance(base, dict) else base))
    items = [payload for kind, payload in payloads if kind == "response_item"]
    turns = tuple(one for item in items for one in item_messages(item))
    return Attempt(
        messages=(Message("system", system), *turns) if system else turns,
        model=next((word(one["model"]) for one in contexts if one.get("model")), None),
        notes=tuple(_notes(payloads)),
        metadata=_metadata(payloads, meta, contexts),
    )


def _notes(payloads: list[tuple[str, Row]]) -> Iterator[str]:
    """The code of each line that shortens the context or is a message of another agent."""
    for kind, payload in payloads:
        spoken = kind == "response_item" and payload.get("type") == "agent_message"
        if kind == "compacted":
            yield "compacted"
        elif spoken or kind == "inter_agent_communication":
            yield "subagent"


def _metadata(payloads: list[tuple[str, Row]], meta: Row, contexts: list[Row]) -> Row:
    """Everything that is no message: the session, its settings, lines and items of the harness, counts of events."""
    silent = [item for kind, item in payloads if kind == "response_item" and str(item.get("type")) not in SPOKEN]
    other = [
        {"type": kind} | payload
        for kind, payload in payloads
        if kind not in ("session_meta", "turn_context", "response_item", "event_msg")
    ]
    events = Counter(str(payload.get("type")) for kind, payload in payloads if kind == "event_msg")
    kept = {
        "session_meta": {key: one for key, one in meta.items() if key not in ("instructions", "base_instructions")},
        "turn_contexts": [one for at, one in enumerate(contexts) if one not in contexts[:at]],
        "other_items": silent,
        "other_lines": other,
        "event_counts": dict(events),
    }
    return {key: value for key, value in kept.items() if value}


def _kind(line: Row) -> str:
    return "response_item" if str(line.get("type")) in ITEMS else "session_meta" if "id" in line else "other"


def recognise(row: Row) -> Sign | None:
    """Lines with a payload, or bare response items."""
    events = row.get(EVENTS)
    if isinstance(events, list) and any(isinstance(one, dict) and is_line(one) for one in events):
        return Sign(1.0, "lines of {timestamp, type, payload}")
    return None


def is_line(line: Row) -> bool:
    """True if a line is one of such a log, also of an older one."""
    if "payload" in line:
        return str(line.get("type")) in TYPES and isinstance(line["payload"], dict)
    parts = line.get("content") if line.get("type") == "message" else None
    first = parts[0] if isinstance(parts, list) and parts else None
    is_message = isinstance(first, dict) and first.get("type") in ("input_text", "output_text")
    return is_message or (line.get("type") in ("function_call", "function_call_output") and "call_id" in line)


CODEX = Format(codex, frozenset({EVENTS}), recognise, split_completions=True)
