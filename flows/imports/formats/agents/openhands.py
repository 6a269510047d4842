"""Reads OpenHands trajectories: chat messages (SWE-rebench, SWE-Gym), and event histories (`history`,
output.jsonl).

SWE-rebench's rows have `trajectory` (messages with tool calls), `tools`, `resolved`, `exit_status` and
`model_patch`. An event has `source`, `action` with `args`, or `observation` with `content` and `cause`, the id of
its action. Source: the schemas of nebius_SWE-rebench-openhands-trajectories and openhands in
neulab/agent-data-protocol.
"""

import json
from collections.abc import Iterator
from typing import Any

from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.conversation import Attempt, Call, Format, Message, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import messages_of, object_of, text, word
from flows.imports.formats.values.parts import content_of
from flows.imports.formats.values.tools import tools_of

SILENT = {"change_agent_state", "null", "recall", "agent_state_changed", "system"}
"""Actions and observations of the harness that the model neither writes nor reads."""
IMAGES = ("image_urls", "images_urls")
OF_HARNESS = {"is_confirmed", "confirmation_state", "hidden", "security_risk", "file_urls", *IMAGES}
"""Arguments that the harness adds to an action; they stay beside the message."""
NOT_ARGUMENTS = {"thought", "tool_calls", *OF_HARNESS}
EVENT = frozenset(
    {"action", "args", "observation", "content", "source", "message", "cause", "id", "tool_call_metadata"}
)


def openhands(row: Row) -> Attempt:
    """Convert one trajectory of messages or of events."""
    raw = messages_of(row.get("trajectory") or row.get("history") or row.get("messages"))
    metadata = object_of(row.get("metadata"))
    config = object_of(metadata.get("llm_config"))
    return Attempt(
        messages=tuple(_events(_flat(raw))) if _is_events(raw) else chat(raw),
        tools=tools_of(row.get("tools") or row.get("functions")),
        model=word(row.get("model") or row.get("model_name") or config.get("model")),
    )


def _is_events(raw: list[Any]) -> bool:
    first = raw[0][0] if isinstance(raw[0], list) and raw[0] else raw[0]
    return isinstance(first, dict) and "role" not in first and ("action" in first or "observation" in first)


def _flat(raw: list[Any]) -> Iterator[Row]:
    """Events; older histories hold pairs of an action and its observation."""
    for one in raw:
        yield from (part for part in one if isinstance(part, dict)) if isinstance(one, list) else [one]


def _events(events: Iterator[Row]) -> Iterator[Message]:
    for event in events:
        action, observation = word(event.get("action")), word(event.get("observation"))
        if (action or observation or "null") in SILENT and action != "system":
            continue
        extra = leftover(event, EVENT)
        if observation:
            content, cause = content_of(event.get("content")), _call_id(event, event.get("cause"))
            yield Message("tool", content.text, answers=cause, notes=tuple(content.notes), extra=extra)
        elif action:
            yield _action(event, action, extra)


def _action(event: Row, action: str, extra: Row) -> Message:
    args = object_of(event.get("args"))
    content = content_of(args.get("content"))
    shown = [one for name in IMAGES if isinstance(args.get(name), list) for one in args[name]]
    extra = extra | {name: args[name] for name in OF_HARNESS if args.get(name)}
    if action in ("system", "message"):
        role = "system" if action == "system" else "user" if event.get("source") == "user" else "assistant"
        return Message(role, content.text, notes=(*content.notes, *["image"] * len(shown)), extra=extra)
    if action == "think":
        given = {"thought": text(args.get("thought"))}
        return Message("assistant", calls=(Call("think", given, _call_id(event, event.get("id"))),), extra=extra)
    given = {key: value for key, value in args.items() if key not in NOT_ARGUMENTS and value not in (None, "", -1)}
    if action == "finish":
        outputs = object_of(args.get("outputs"))
        given = {"message": text(args.get("final_thought") or outputs.get("content")) or json.dumps(outputs)}
    name = word(object_of(event.get("tool_call_metadata")).get("function_name")) or action
    call = Call(name, given, _call_id(event, event.get("id")))
    return Message("assistant", text(args.get("thought")), calls=(call,), extra=extra)


def _call_id(event: Row, fallback: Any) -> str | None:
    return word(object_of(event.get("tool_call_metadata")).get("tool_call_id")) or (
        f"event_{fallback}" if isinstance(fallback, int) else None
    )


def recognise(row: Row) -> Sign | None:
    """A trajectory of chat messages, or a history of events."""
    for name in ("trajectory", "history"):
        raw = row.get(name)
        if isinstance(raw, list) and raw and isinstance(raw[0], dict):
            if _is_events(raw):
                return Sign(0.85, f"a list `{name}` of events with `action` and `observation`")
            if "role" in raw[0] and "text" not in raw[0] and "history" not in row:
                return Sign(0.75, f"a list `{name}` of chat messages")
        elif isinstance(raw, list) and raw and isinstance(raw[0], list):
            return Sign(0.6, f"a list `{name}` of pairs of events")
        elif isinstance(raw, str) and raw.lstrip().startswith("["):
            return Sign(0.55, f"the JSON text `{name}`")
    return None


FIELDS = frozenset({"trajectory", "history", "messages", "tools", "functions", "model", "model_name"})
OPENHANDS = Format(openhands, FIELDS, recognise)
