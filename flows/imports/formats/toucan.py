"""Toucan-1.5M (Agent-Ark 2025): tools of real MCP servers, worked by Kimi-K2, GPT-OSS and Qwen3.

`messages` and `available_tools` (`tools` in the SFT part) are JSON. One completion is several messages:
reasoning, words, then a message for each `function_call`; a `function` message answers. The SFT part calls
those roles `tool_call` and `tool_response`, the call as text. The system prompt repeats the tools: it stays.
"""

import ast
from typing import Any

from flows.imports.formats.coerce import ROLES, call_of, messages_of, openai, role_of, text, tools_of, word
from flows.imports.formats.conversation import Attempt, Message, Refused, Row
from flows.imports.formats.markup import thought

TOUCAN_ROLES = ROLES | {"tool_response": "tool", "tool_call": "assistant"}


def toucan(row: Row) -> Attempt:
    """A trajectory with the schemas of its servers' tools."""
    return Attempt(
        messages=tuple(_message(message) for message in messages_of(row.get("messages"))),
        tools=tools_of(row.get("available_tools") or row.get("tools")),
        model=word(row.get("model")),
    )


def _message(message: Row) -> Message:
    role = role_of(message, TOUCAN_ROLES)
    if role == "tool":
        return Message(role, text(message.get("content")), name=word(message.get("name")))
    if message["role"] == "tool_call":
        return Message(role, calls=(call_of(_literal(text(message.get("content")))),))
    if message.get("function_call"):
        reasoning = text(message.get("reasoning_content")) or None
        return Message(role, text(message.get("content")), reasoning, (call_of(message["function_call"]),))
    said = openai(message)
    inner, rest = (
        thought(said.content) if role == "assistant" and not said.reasoning else (said.reasoning, said.content)
    )
    return Message(role, rest, inner, said.calls)


def _literal(said: str) -> Any:
    """The call of a text: JSON, or as Python prints a dictionary, which the set's own converter wrote."""
    if not said.lstrip().startswith("{'"):
        return said
    try:
        return ast.literal_eval(said.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise Refused("bad_call", said[:80]) from error
