"""Reads Toucan-1.5M (Agent-Ark 2025): tools of real MCP servers, used by Kimi-K2, GPT-OSS and Qwen3.

`messages` and `available_tools` (`tools` in the SFT part) are JSON. One completion is split into several messages:
reasoning, text, then one message per `function_call`; a `function` message holds the result. The SFT part names
these roles `tool_call` and `tool_response` and writes the call as text. The system prompt, which repeats the tools,
is kept.
"""

from collections.abc import Iterator

from flows.imports.formats.conversation import Attempt, Format, Message, Refused, Row, Sign
from flows.imports.formats.values.calls import call_of
from flows.imports.formats.values.chat import chat_message
from flows.imports.formats.values.coerce import messages_of, text, word
from flows.imports.formats.values.tools import tools_of


def toucan(row: Row) -> Attempt:
    """Convert one trajectory with the tool schemas of its servers."""
    return Attempt(
        messages=tuple(one for message in messages_of(row.get("messages")) for one in _message(message)),
        tools=tools_of(row.get("available_tools") or row.get("tools")),
        model=word(row.get("model")),
    )


def _message(message: Row) -> Iterator[Message]:
    if message.get("role") == "tool_call":
        yield Message("assistant", calls=(call_of(text(message.get("content"))),))
    else:
        yield from chat_message(message)


def recognise(row: Row) -> Sign | None:
    """The schemas of its servers, or messages of the role tool_call."""
    if row.get("available_tools") and row.get("messages"):
        return Sign(0.85, "the fields `messages` and `available_tools`")
    try:
        raw = messages_of(row.get("messages"))
    except Refused:
        return None
    return Sign(0.8, "messages of the role tool_call") if any(one.get("role") == "tool_call" for one in raw) else None


FIELDS = frozenset({"messages", "available_tools", "tools", "model"})
TOUCAN = Format(toucan, FIELDS, recognise, split_completions=True)
