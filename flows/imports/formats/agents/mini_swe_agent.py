"""Reads mini-swe-agent trajectories (.traj.json, `trajectory_format` mini-swe-agent-1 and later).

A file has `info` (exit_status, submission, model_stats, config) and `messages`. Versions 1 write one bash block per
answer, and the output as the next user message; version 2 writes tool calls. A last message of role exit holds the
submission. Source: mini-swe-agent's save_traj and its default agent.
"""

from dataclasses import replace

from flows.imports.formats.agents.swe_agent import with_commands
from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import messages_of, object_of, text, word
from flows.imports.formats.values.tools import tools_of

SUBMITTED = "submitted"
TOOL = "bash"


def mini_swe_agent(row: Row) -> Attempt:
    """Convert one file; the submission is the answer where the attempt was submitted."""
    info = object_of(row.get("info"))
    raw = messages_of(row.get("messages"))
    spoken = [one for one in raw if one.get("role") != "exit"]
    messages = list(chat(spoken))
    if not any(message.calls for message in messages):
        messages = [_bash(message) for message in with_commands(messages)]
    ending = next((text(one.get("content")) for one in raw if one.get("role") == "exit"), None)
    submitted = str(info.get("exit_status") or "").lower() == SUBMITTED
    model = object_of(object_of(info.get("config")).get("model"))
    return Attempt(
        messages=tuple(_without_submission_call(messages) if submitted else messages),
        tools=tools_of(row.get("tools")),
        final_answer=(word(info.get("submission")) or ending or None) if submitted else None,
        model=word(model.get("model_name")),
        metadata={"info": leftover(info, frozenset()), **({"exit": ending} if ending else {})},
    )


def _bash(message: Message) -> Message:
    """The message with its command as a call of bash, also the one that submits."""
    return replace(
        message,
        calls=tuple(
            replace(call, name=TOOL, arguments=call.arguments or {"command": "submit"}) for call in message.calls
        ),
    )


def _without_submission_call(messages: list[Message]) -> list[Message]:
    """Messages up to the call that submits: the harness ends there and gives no result."""
    while messages and messages[-1].role == "tool":
        messages = messages[:-1]
    return messages


def recognise(row: Row) -> Sign | None:
    """The field `trajectory_format`, or an exit status beside messages."""
    if str(row.get("trajectory_format", "")).startswith("mini-swe-agent"):
        return Sign(1.0, f"trajectory_format {row['trajectory_format']}")
    info = row.get("info")
    if isinstance(info, dict) and "exit_status" in info and "submission" in info and "messages" in row:
        return Sign(0.8, "`info` with exit_status and submission beside `messages`")
    return None


FIELDS = frozenset({"messages", "info", "tools"})
MINI_SWE_AGENT = Format(mini_swe_agent, FIELDS, recognise)
