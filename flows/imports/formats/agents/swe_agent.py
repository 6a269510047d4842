"""Reads SWE-agent trajectories: the harness's .traj files, nebius/SWE-agent-trajectories and SWE-smith's rows.

A .traj file has `history` (messages with `agent`, `thought`, `action`, tool calls), `trajectory` (steps) and `info`.
nebius's rows have `trajectory` of {role: system | user | ai, text, mask}, `target` (the issue was resolved) and
`exit_status`. A command stands in the last fenced block of the agent's text. Source: SWE-agent's documentation of
trajectories, and nebius_SWE-agent-trajectories in neulab/agent-data-protocol.
"""

import re
from collections.abc import Iterator
from typing import Any

from flows.imports.formats.conversation import Attempt, Call, Format, Message, Outcome, Row, Sign
from flows.imports.formats.values.chat import chat, with_text_calls
from flows.imports.formats.values.coerce import messages_of, object_of, text, word
from flows.imports.formats.values.tools import tools_of

FENCE = re.compile(r"```\w*\n")
ROLES = {"system": "system", "user": "user", "ai": "assistant", "assistant": "assistant", "tool": "tool"}
COMMAND = "run"
"""Name of the call that a fenced block is; `submit` is a call of its own."""


def swe_agent(row: Row) -> Attempt:
    """Convert one trajectory."""
    raw = messages_of(row.get("history") or row.get("messages") or row.get("trajectory"))
    is_text = "text" in raw[0] and "content" not in raw[0]
    messages = list(_of_text(raw) if is_text else _of_history(raw))
    if not any(message.calls for message in messages):
        messages = list(with_commands(messages))
    resolved = row.get("target")
    return Attempt(
        messages=tuple(messages),
        tools=tools_of(row.get("tools")),
        model=word(row.get("model_name") or row.get("model")) or word(_configured(row)),
        outcomes=(Outcome("target", resolved),) if isinstance(resolved, bool) else (),
        metadata={"trajectory": row["trajectory"]} if row.get("history") and row.get("trajectory") else {},
    )


def _configured(row: Row) -> Any:
    """The model's name in the replay configuration of a .traj file."""
    config = object_of(row.get("replay_config"))
    return object_of(object_of(config.get("agent")).get("model")).get("name")


def _of_text(raw: list[Row]) -> Iterator[Message]:
    for one in raw:
        role = ROLES.get(str(one.get("role")), "user")
        content = text(one.get("text") or one.get("system_prompt"))
        weight = 0.0 if role == "assistant" and one.get("mask") is True else None
        extra = {key: one[key] for key in ("cutoff_date",) if one.get(key)}
        yield Message(role, content, weight=weight, extra=extra)


def _of_history(raw: list[Row]) -> Iterator[Message]:
    """Messages of a history; demonstrations, which the agent did not write, are not trained on."""
    for one in raw:
        plain = {key: value for key, value in one.items() if key not in ("agent", "message_type", "action")}
        if one.get("is_demo") and one.get("role") == "assistant":
            plain["weight"] = 0
        yield from chat([plain], ROLES)


def _fenced(text: str) -> tuple[str, str] | None:
    """The words before the block that ends a text, and the block's text; None where no block ends it."""
    body, ended = text.rstrip(), text.rstrip().endswith("```")
    opened = FENCE.search(body, 0, len(body) - 3) if ended else None
    return (body[: opened.start()].rstrip(), body[opened.end() : -3].strip()) if opened else None


def with_commands(messages: list[Message]) -> Iterator[Message]:
    """Messages whose last fenced block is a call, and whose next user message is its result."""
    tagged = list(with_text_calls(messages))
    if any(message.calls for message in tagged):
        yield from tagged
        return
    waits = False
    for message in messages:
        found = _fenced(message.content) if message.role == "assistant" else None
        if found:
            words, command = found
            name = "submit" if command == "submit" else COMMAND
            given = {} if name == "submit" else {"command": command}
            waits = True
            yield Message(
                "assistant", words, message.reasoning, (Call(name, given),), weight=message.weight,
                notes=(*message.notes, "text_calls"), extra=message.extra,
            )  # fmt: skip
            continue
        yield (
            Message("tool", message.content, notes=message.notes, extra=message.extra)
            if waits and message.role == "user"
            else message
        )
        waits = False


def recognise(row: Row) -> Sign | None:
    """A .traj file, or nebius's messages with `text`."""
    history, trajectory = row.get("history"), row.get("trajectory")
    if isinstance(history, list) and isinstance(trajectory, list) and "info" in row:
        return Sign(0.95, "the fields `history`, `trajectory` and `info` of a .traj file")
    if isinstance(trajectory, list) and trajectory and isinstance(trajectory[0], dict) and "text" in trajectory[0]:
        return Sign(0.9, "a list `trajectory` of {role, text}")
    return None


FIELDS = frozenset({"history", "messages", "trajectory", "tools", "model_name", "model"})
SWE_AGENT = Format(swe_agent, FIELDS, recognise)
