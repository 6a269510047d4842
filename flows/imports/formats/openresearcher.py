"""OpenResearcher-Dataset (TIGER-AI-Lab 2026): deep research in gpt-oss's Harmony messages.

A row has `qid`, `question`, `answer`, `messages` and `status`. A message has content blocks, a `channel`
(analysis: thinking; commentary: a call to `recipient`, its arguments as JSON text; final: the answer), and a
tool answers under its own name. The tools stand in the system message's block. Seeds are attempts at one task.
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
    """A trajectory with its question's true answer; `correct` is read where a set that came of it has one."""
    said = messages_of(row.get("messages"))
    messages = tuple(_message(message) for message in said)
    last = messages[-1]
    exact = EXACT.search(last.content) if last.role == "assistant" else None
    passed = row.get("correct")
    return Attempt(
        messages=messages,
        tools=tools_of(row.get("tools")) or tools_of(list(_declared(said))),
        truth=word(row.get("answer")),
        final_answer=exact[1] if exact else None,
        passed=passed if isinstance(passed, bool) else None,
    )


def _message(message: Row) -> Message:
    role = role_of(message, ROLES)
    if role == "system":
        return Message(role, "\n".join(_system(block) for block in _blocks(message)))
    said = openai(message)
    recipient = word(message.get("recipient")) or ""
    if role != "assistant":
        return said
    if recipient not in NOT_TOOLS:
        return Message(role, calls=(Call(recipient, arguments_of(said.content)),))
    return Message(role, reasoning=said.content) if message.get("channel") == "analysis" else said


def _blocks(message: Row) -> list[Any]:
    content = message.get("content")
    return content if isinstance(content, list) else [text(content)]


def _system(block: Any) -> str:
    """A system block in words: its text, or its settings one a line, without the tools that stand beside."""
    if not isinstance(block, dict) or block.get("type") != SYSTEM_BLOCK:
        return text([block])
    told = {name: value for name, value in block.items() if name != "type" and isinstance(value, str) and value}
    return "\n".join(f"{name}: {value}" for name, value in told.items())


def _declared(messages: list[Row]) -> Iterator[Row]:
    for block in (block for message in messages for block in _blocks(message) if isinstance(block, dict)):
        spaces = block.get("tools")
        for name, space in spaces.items() if isinstance(spaces, dict) else ():
            for tool in space.get("tools") or () if isinstance(space, dict) else ():
                if isinstance(tool, dict):
                    yield {**tool, "name": f"{name}.{tool.get('name') or ''}"}
