"""Reads a session log of Claude Code (~/.claude/projects/…/*.jsonl): events of one conversation, one per line.

An event has `type`, `uuid`, `parentUuid`, `isSidechain` and, for user and assistant, `message` in Anthropic's form; an
assistant message is split into one event per content block, and results may stand between them. The log has no
official schema; fields follow oneryalcin/agent-schemas (claude-code/v2.1.144/session.schema.json, checked there
against 102,488 lines). Sub-agents, branches that the user left, and events of the harness stay in the metadata.
"""

from collections.abc import Iterator

from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.conversation import Attempt, Format, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import messages_of, word

EVENTS = "events"
READ = frozenset({"message", "type"})
PARTS = frozenset({"role", "content", "id", "type"})
SYNTHETIC = "<synthetic>"
"""The model's name in messages that the harness wrote, such as an error of the API."""


def claude_code(row: Row) -> Attempt:
    """Convert one session; messages that the harness added (`isMeta`) are user messages, as the model read them."""
    events = messages_of(row.get(EVENTS))
    spoken = [
        one for one in events if one.get("type") in ("user", "assistant") and isinstance(one.get("message"), dict)
    ]
    main = [one for one in spoken if not one.get("isSidechain")] or spoken
    aside = [] if main == spoken else [one for one in spoken if one.get("isSidechain")]
    left = list(_left_branches(events, main))
    gone = {id(one) for one in left}
    models = (word(one["message"].get("model")) for one in main)
    roots = sum(1 for one in aside if not one.get("parentUuid"))
    summaries = sum(1 for one in main if one.get("isCompactSummary"))
    kept = {
        "sidechains": aside,
        "branches": left,
        "other_events": [one for one in events if one.get("type") not in ("user", "assistant")],
    }
    return Attempt(
        messages=chat(_whole([one for one in main if id(one) not in gone])),
        model=next((model for model in models if model and model != SYNTHETIC), None),
        notes=(
            *["subagent"] * max(roots, int(bool(aside))),
            *["branch"] * len(left),
            *["compacted"] * summaries,
        ),
        metadata={key: value for key, value in kept.items() if value},
    )


def _left_branches(events: list[Row], main: list[Row]) -> Iterator[Row]:
    """Messages that hang off the path to the last one, without the parallel calls of that path and their results."""
    parents = {name: _parent(one) for one in events if (name := _name(one))}
    path, at = set[str](), next((name for one in reversed(main) if (name := _name(one))), None)
    while at is not None and at not in path:
        path.add(at)
        at = parents.get(at)
    ids = {word(one["message"].get("id")) for one in main if _name(one) in path} - {None}
    off = [one for one in main if _name(one) not in path and word(one["message"].get("id")) not in ids]
    apart = {id(one) for one in off}
    calls = {name for one in main if id(one) not in apart for name in _values(one, "id")}
    for one in off:
        if _joins(one, parents, path) and not calls.intersection(_values(one, "tool_use_id")):
            yield one


def _name(event: Row) -> str | None:
    found = event.get("uuid")
    return found if isinstance(found, str) else None


def _parent(event: Row) -> str | None:
    """The event before; across a compaction the harness gives it as `logicalParentUuid`."""
    found = event.get("parentUuid") or event.get("logicalParentUuid")
    return found if isinstance(found, str) else None


def _values(event: Row, field: str) -> set[str]:
    """The texts of a field in the content blocks of an event."""
    blocks = (one for one in _blocks(event["message"].get("content")) if isinstance(one, dict))
    return {one[field] for one in blocks if isinstance(one.get(field), str)}


def _joins(event: Row, parents: dict[str, str | None], path: set[str]) -> bool:
    """True if an ancestor of the event is on the path."""
    seen, at = set[str](), _parent(event)
    while at is not None and at not in seen and at not in path:
        seen.add(at)
        at = parents.get(at)
    return at in path


def _whole(events: list[Row]) -> Iterator[Row]:
    """Messages, the blocks of one completion joined again, also around results that came before its last block."""
    messages: list[Row] = []
    by_id: dict[str, Row] = {}
    for event in events:
        message, name = event["message"], word(event["message"].get("id"))
        blocks = _blocks(message.get("content"))
        extra = leftover(event, READ) | leftover(message, PARTS)
        if event["type"] == "assistant" and name in by_id:
            by_id[name]["content"] += blocks
            by_id[name]["joined"] = [*by_id[name].get("joined", []), extra]
            continue
        messages.append(extra | {"role": event["type"], "content": blocks, "message_id": name})
        if event.get("isApiErrorMessage") or message.get("model") == SYNTHETIC:
            messages[-1]["weight"] = 0
        if event["type"] == "assistant" and name:
            by_id[name] = messages[-1]
    yield from messages


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
