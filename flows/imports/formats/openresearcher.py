"""Reads OpenResearcher-Dataset (TIGER-AI-Lab 2026): deep research in gpt-oss's Harmony messages.

A row has `qid`, `question`, `answer`, `messages` and `status`. A message has content blocks and a `channel`:
analysis holds reasoning, commentary a call to `recipient` with its arguments as JSON text, final the answer. A
tool result carries the tool's name. The system message's block declares the tools. Seeds are attempts at one task.
"""

import re
from collections.abc import Iterator
from typing import Any

from flows.imports.formats.coerce import ROLES, arguments_of, messages_of, openai, role_of, text, tools_of, word
from flows.imports.formats.conversation import Attempt, Call, Message, Row

EXACT = re.compile(r"Exact Answer:\**\s*(.+?)\s*(?:\n\s*\n|\n\**Confidence:|$)", re.DOTALL)
NOT_TOOLS = {"all", "assistant", "user", ""}
SYSTEM_BLOCK = "system_content"


def openresearcher(row: Row) -> Attempt:
    """Convert one trajectory with its ground truth; `correct` is read if a derived set has it."""
    raw = messages_of(row.get("messages"))
    messages = tuple(_message(message) for message in raw)
    last = messages[-1]
    exact = EXACT.search(last.content) if last.role == "assistant" else None
    passed = row.get("correct")
    return Attempt(
        messages=messages,
        tools=tools_of(row.get("tools")) or tools_of(list(_declared(raw))),
        truth=word(row.get("answer")),
        final_answer=exact[1] if exact else None,
        passed=passed if isinstance(passed, bool) else None,
    )


def _message(message: Row) -> Message:
    role = role_of(message, ROLES)
    if role == "system":
        return Message(role, "\n".join(_system(block) for block in _blocks(message)))
    parsed = openai(message)
    recipient = word(message.get("recipient")) or ""
    if role != "assistant":
        return parsed
    if recipient not in NOT_TOOLS:
        return Message(role, calls=(Call(recipient, arguments_of(parsed.content)),))
    return Message(role, reasoning=parsed.content) if message.get("channel") == "analysis" else parsed


def _blocks(message: Row) -> list[Any]:
    content = message.get("content")
    return content if isinstance(content, list) else [text(content)]


def _system(block: Any) -> str:
    """A system block as text: its text, or one line per setting, without the tools."""
    if not isinstance(block, dict) or block.get("type") != SYSTEM_BLOCK:
        return text([block])
    settings = {name: value for name, value in block.items() if name != "type" and isinstance(value, str) and value}
    return "\n".join(f"{name}: {value}" for name, value in settings.items())


def _declared(messages: list[Row]) -> Iterator[Row]:
    for block in (block for message in messages for block in _blocks(message) if isinstance(block, dict)):
        spaces = block.get("tools")
        for name, space in spaces.items() if isinstance(spaces, dict) else ():
            for tool in space.get("tools") or () if isinstance(space, dict) else ():
                if isinstance(tool, dict):
                    yield {**tool, "name": f"{name}.{tool.get('name') or ''}"}
