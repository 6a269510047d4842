"""OpenSeeker-v1-Data (Du et al. 2026): search agents of 30 B, their calls and pages as tags within messages.

A row has `question`, `answer`, `trajectory` (messages, or JSON of them) and `trajectory correctness`. The agent
writes <think>, <tool_call> and, at the end, <answer>; the next user message holds the <tool_response>s. The
tools stand in the system prompt between <tools> tags, where they stand anywhere.
"""

import re
from collections.abc import Iterator

from flows.imports.formats.coerce import ROLES, from_json, messages_of, role_of, text, tools_of, word
from flows.imports.formats.conversation import Attempt, Message, Row
from flows.imports.formats.markup import agent, answered, responses

TOOLS = re.compile(r"<tools>\s*(.*?)\s*</tools>", re.DOTALL)
JUDGED = {"correct": True, "true": True, "incorrect": False, "false": False}


def openseeker(row: Row) -> Attempt:
    """A trajectory with its question's true answer and the set's own judgement."""
    said = row.get("trajectory") or row.get("messages")
    messages = tuple(one for message in messages_of(said) for one in _message(message))
    judged = word(row.get("trajectory correctness", row.get("trajectory_correctness"))) or ""
    return Attempt(
        messages=messages,
        tools=tools_of(row.get("tools")) or declared(messages),
        truth=word(row.get("answer")),
        passed=JUDGED.get(judged.lower()),
    )


def declared(messages: tuple[Message, ...]) -> list[Row]:
    """The tools that a system prompt declares between <tools> tags, one JSON object a line."""
    found = TOOLS.search(messages[0].content) if messages[0].role == "system" else None
    body = found[1] if found else ""
    return tools_of(body if body.startswith("[") else [from_json(line) for line in body.splitlines() if line.strip()])


def _message(message: Row) -> Iterator[Message]:
    role, said = role_of(message, ROLES), text(message.get("content"))
    if role == "assistant":
        yield answered(agent(said))
    elif heard := responses(said) if role in ("user", "tool") else []:
        yield from heard
    else:
        yield Message(role, said)
