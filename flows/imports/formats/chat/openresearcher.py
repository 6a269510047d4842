"""Reads OpenResearcher-Dataset (TIGER-AI-Lab 2026): deep research in gpt-oss's Harmony messages.

A row has `qid`, `question`, `answer`, `messages` and `status`. A message has content blocks and a `channel`:
analysis holds reasoning, commentary a call to `recipient` with its arguments as JSON text, final the answer. A
tool result carries the tool's name. The system message's block declares the tools. Seeds are attempts at one task.
"""

import re
from collections.abc import Iterator
from typing import Any

from flows.imports.formats.conversation import Attempt, Call, Format, Message, Row, Sign
from flows.imports.formats.values.calls import arguments_of
from flows.imports.formats.values.chat import ROLES, chat_message
from flows.imports.formats.values.coerce import messages_of, role_of, text, word
from flows.imports.formats.values.tools import tools_of

EXACT = "Exact Answer:"
ANSWER_END = re.compile(r"\n[ \t\r]*\n|\n\**Confidence:")
NOT_TOOLS = {"all", "assistant", "user", ""}
SYSTEM_BLOCK = "system_content"


def openresearcher(row: Row) -> Attempt:
    """Convert one trajectory with its ground truth."""
    raw = messages_of(row.get("messages"))
    messages = tuple(one for message in raw for one in _message(message))
    last = messages[-1]
    return Attempt(
        messages=messages,
        tools=tools_of(row.get("tools")) or tools_of(list(_declared(raw))),
        truth=word(row.get("answer")),
        final_answer=_exact(last.content) if last.role == "assistant" else None,
    )


def _exact(text: str) -> str | None:
    """The answer behind `Exact Answer:`, up to an empty line or the agent's confidence."""
    _, _, rest = text.partition(EXACT)
    return ANSWER_END.split(rest.lstrip("*").strip(), maxsplit=1)[0].strip() or None


def _message(message: Row) -> Iterator[Message]:
    role = role_of(message, ROLES)
    if role == "system":
        yield Message(role, "\n".join(_system(block) for block in _blocks(message)))
        return
    plain = {key: value for key, value in message.items() if key not in ("recipient", "channel")}
    recipient = word(message.get("recipient")) or ""
    for parsed in chat_message(plain):
        if role != "assistant":
            yield parsed
        elif recipient not in NOT_TOOLS:
            yield Message(role, calls=(Call(recipient, arguments_of(parsed.content)),), extra=parsed.extra)
        elif message.get("channel") == "analysis":
            yield Message(role, reasoning=parsed.content, extra=parsed.extra)
        else:
            yield parsed


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


def recognise(row: Row) -> Sign | None:
    """Harmony's channels."""
    messages = row.get("messages")
    if isinstance(messages, list) and any(isinstance(one, dict) and one.get("channel") for one in messages):
        return Sign(0.9, "messages with Harmony's `channel`")
    return None


FIELDS = frozenset({"messages", "tools", "answer"})
OPENRESEARCHER = Format(openresearcher, FIELDS, recognise, split_completions=True)
