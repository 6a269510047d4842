"""Reads a session log of Claude Code (~/.claude/projects/…/*.jsonl): events of one conversation, one per line.

An event has `type` (user, assistant, summary, system), `uuid`, `parentUuid`, `isSidechain` and `message` in
Anthropic's form; an assistant message is split into one event per content block, with the same `message.id`.
Conversations of sub-agents (sidechains) stay in the metadata. The log has no official schema; fields follow public
descriptions of it.
"""

from collections.abc import Iterator

from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.conversation import Attempt, Format, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import messages_of, word

EVENTS = "events"
READ = frozenset({"message", "type", "toolUseResult", "parentUuid", "userType"})
PARTS = frozenset({"role", "content", "id", "type"})


def claude_code(row: Row) -> Attempt:
    """Convert one session; messages that the harness added (`isMeta`) are user messages, as the model read them."""
    events = messages_of(row.get(EVENTS))
    spoken = [
        one for one in events if one.get("type") in ("user", "assistant") and isinstance(one.get("message"), dict)
    ]
    main = [one for one in spoken if not one.get("isSidechain")] or spoken
    aside = [] if main == spoken else [one for one in spoken if one.get("isSidechain")]
    others = [one for one in events if one.get("type") not in ("user", "assistant")]
    models = (word(one["message"].get("model")) for one in main)
    kept = {"sidechains": aside, "other_events": others}
    roots = sum(1 for one in aside if not one.get("parentUuid"))
    return Attempt(
        messages=chat(_whole(main)),
        model=next((model for model in models if model and model != "<synthetic>"), None),
        notes=("subagent",) * max(roots, int(bool(aside))),
        metadata={key: value for key, value in kept.items() if value},
    )


def _whole(events: list[Row]) -> Iterator[Row]:
    """Messages, the blocks of one completion joined again."""
    held: Row | None = None
    for event in events:
        message = event["message"]
        blocks = _blocks(message.get("content"))
        extra = leftover(event, READ) | leftover(message, PARTS)
        if held and event["type"] == "assistant" and message.get("id") and message["id"] == held["message_id"]:
            held["content"] += blocks
            held["joined"] = [*held.get("joined", []), extra]
            continue
        if held:
            yield held
        held = extra | {"role": event["type"], "content": blocks, "message_id": message.get("id")}
    if held:
        yield held


def _blocks(content: object) -> list[object]:
    return list(content) if isinstance(content, list) else [content] if content else []


def recognise(row: Row) -> Sign | None:
    """Events with a message and a session id."""
    events = row.get(EVENTS)
    if isinstance(events, list) and any(isinstance(one, dict) and is_event(one) for one in events):
        return Sign(1.0, "lines of {type, uuid, sessionId, message}")
    return None


def is_event(line: Row) -> bool:
    """True if a line is an event of such a log that holds a message."""
    return line.get("type") in ("user", "assistant") and "sessionId" in line and isinstance(line.get("message"), dict)


CLAUDE_CODE = Format(claude_code, frozenset({EVENTS}), recognise)
