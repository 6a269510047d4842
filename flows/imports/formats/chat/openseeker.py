"""Reads OpenSeeker-v1-Data (Du et al. 2026): search agents of 30 B, with calls and pages as tags within messages.

A row has `question`, `answer`, `trajectory` (messages or their JSON text) and `trajectory correctness`. The agent
writes <think>, <tool_call> and a final <answer>; the next user message holds the <tool_response> tags. The system
prompt may declare the tools between <tools> tags.
"""

import re
from collections.abc import Iterator

from flows.imports.formats.attempt.outcomes import judged
from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.chat import ROLES
from flows.imports.formats.values.coerce import messages_of, parsed_json, role_of, word
from flows.imports.formats.values.markup import agent, answered, closed, responses
from flows.imports.formats.values.parts import content_of, noted
from flows.imports.formats.values.tools import tools_of

TOOLS = re.compile(r"<tools>(.*?)</tools>", re.DOTALL)
JUDGEMENT = "trajectory correctness"


def openseeker(row: Row) -> Attempt:
    """Convert one trajectory with its ground truth and the set's own judgement."""
    raw = row.get("trajectory") or row.get("messages")
    messages = tuple(one for message in messages_of(raw) for one in _message(message))
    verdict = judged(JUDGEMENT, row.get(JUDGEMENT, row.get("trajectory_correctness")))
    return Attempt(
        messages=messages,
        tools=tools_of(row.get("tools")) or declared(messages),
        truth=word(row.get("answer")),
        passed=verdict.passed if verdict else None,
    )


def declared(messages: tuple[Message, ...]) -> list[Row]:
    """Tools that the system prompt declares between <tools> tags: one object per line, or a list, as JSON or Python."""
    found = TOOLS.search(closed(messages[0].content, "</tools>")) if messages[0].role == "system" else None
    body = found[1].strip() if found else ""
    if body.startswith("["):
        return tools_of(body)
    return tools_of([parsed_json(line, "bad_tools") for line in body.splitlines() if line.strip()])


def _message(message: Row) -> Iterator[Message]:
    content = content_of(message.get("content"))
    yield from noted(_spoken(role_of(message, ROLES), content.text), content.notes)


def _spoken(role: str, content: str) -> Iterator[Message]:
    if role == "assistant":
        yield answered(agent(content))
    elif results := responses(content) if role in ("user", "tool") else []:
        yield from results
    else:
        yield Message(role, content)


def recognise(row: Row) -> Sign | None:
    """The set's own judgement."""
    if "trajectory" in row and (JUDGEMENT in row or "trajectory_correctness" in row):
        return Sign(0.95, "the field `trajectory correctness`")
    return None


FIELDS = frozenset({"trajectory", "messages", "tools", "answer"})
OPENSEEKER = Format(openseeker, FIELDS, recognise)
