"""Reads OpenSeeker-v1-Data (Du et al. 2026): search agents of 30 B, with calls and pages as tags within messages.

A row has `question`, `answer`, `trajectory` (messages or their JSON text) and `trajectory correctness`. The agent
writes <think>, <tool_call> and a final <answer>; the next user message holds the <tool_response> tags. The system
prompt may declare the tools between <tools> tags.
"""

import re
from collections.abc import Iterator

from flows.imports.formats.coerce import ROLES, from_json, messages_of, role_of, text, tools_of, word
from flows.imports.formats.conversation import Attempt, Message, Row
from flows.imports.formats.markup import agent, answered, responses

TOOLS = re.compile(r"<tools>\s*(.*?)\s*</tools>", re.DOTALL)
JUDGED = {"correct": True, "true": True, "incorrect": False, "false": False}


def openseeker(row: Row) -> Attempt:
    """Convert one trajectory with its ground truth and the set's own judgement."""
    raw = row.get("trajectory") or row.get("messages")
    messages = tuple(one for message in messages_of(raw) for one in _message(message))
    judged = word(row.get("trajectory correctness", row.get("trajectory_correctness"))) or ""
    return Attempt(
        messages=messages,
        tools=tools_of(row.get("tools")) or declared(messages),
        truth=word(row.get("answer")),
        passed=JUDGED.get(judged.lower()),
    )


def declared(messages: tuple[Message, ...]) -> list[Row]:
    """Tools that the system prompt declares between <tools> tags, one JSON object per line or a JSON list."""
    found = TOOLS.search(messages[0].content) if messages[0].role == "system" else None
    body = found[1] if found else ""
    return tools_of(body if body.startswith("[") else [from_json(line) for line in body.splitlines() if line.strip()])


def _message(message: Row) -> Iterator[Message]:
    role, content = role_of(message, ROLES), text(message.get("content"))
    if role == "assistant":
        yield answered(agent(content))
    elif results := responses(content) if role in ("user", "tool") else []:
        yield from results
    else:
        yield Message(role, content)
