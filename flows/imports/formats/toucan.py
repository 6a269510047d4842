"""Reads Toucan-1.5M (Agent-Ark 2025): tools of real MCP servers, used by Kimi-K2, GPT-OSS and Qwen3.

`messages` and `available_tools` (`tools` in the SFT part) are JSON. One completion is split into several messages:
reasoning, text, then one message per `function_call`; a `function` message holds the result. The SFT part names
these roles `tool_call` and `tool_response` and writes the call as text. The system prompt, which repeats the tools,
is kept.
"""

import ast
from typing import Any

from flows.imports.formats.coerce import ROLES, call_of, messages_of, openai, role_of, text, tools_of, word
from flows.imports.formats.conversation import Attempt, Message, Refused, Row
from flows.imports.formats.markup import thought

TOUCAN_ROLES = ROLES | {"tool_response": "tool", "tool_call": "assistant"}


def toucan(row: Row) -> Attempt:
    """Convert one trajectory with the tool schemas of its servers."""
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
    parsed = openai(message)
    inline = role == "assistant" and not parsed.reasoning
    reasoning, rest = thought(parsed.content) if inline else (parsed.reasoning, parsed.content)
    return Message(role, rest, reasoning, parsed.calls)


def _literal(text: str) -> Any:
    """The call in a text: JSON, or a Python dictionary literal, which the set's own converter wrote."""
    if not text.lstrip().startswith("{'"):
        return text
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise Refused("bad_call", text[:80]) from error
