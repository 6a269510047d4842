"""Reads lists of chat messages in OpenAI's and Anthropic's form and their mixtures, with no field lost.

Each message becomes one or more messages of the common form. Fields that the common form has no place for go into
`extra`, and everything that cannot be kept as it was is noted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from flows.imports.formats.conversation import Call, Message, Refused, Row
from flows.imports.formats.values.calls import call_of
from flows.imports.formats.values.coerce import listed, role_of, word
from flows.imports.formats.values.markup import servers_of, text_calls
from flows.imports.formats.values.parts import Content, content_of
from flows.imports.formats.values.reasoning import NAMES, reasoning_of

ROLES = {
    "system": "system",
    "developer": "system",
    **dict.fromkeys(("user", "human"), "user"),
    **dict.fromkeys(("assistant", "gpt", "ai", "model", "bot", "tool_call"), "assistant"),
    **dict.fromkeys(("tool", "function", "tool_response", "tool_result"), "tool"),
    **dict.fromkeys(("environment", "observation", "ipython"), "tool"),
}  # fmt: skip
WEIGHTS = ("weight", "trainable", "train", "loss")
"""Fields of a message that mark it as trained on or not: OpenAI, the factory's releases, Axolotl, ms-swift."""
READ = {"role", "content", "tool_calls", "function_call", "tool_call_id", "tool_call_ids", "call_id", "refusal"}
BLOCK = {"type", "content", "tool_use_id", "tool_call_id", "is_error"}
EMPTY: tuple[Any, ...] = (None, "", [], {})


def chat(messages: Iterable[Row], roles: dict[str, str] = ROLES) -> tuple[Message, ...]:
    """All messages; calls in the text are read if no message of the conversation has calls in a field."""
    read = tuple(one for message in messages for one in chat_message(message, roles))
    return read if any(message.calls for message in read) else tuple(with_text_calls(read))


def chat_message(message: Row, roles: dict[str, str] = ROLES) -> Iterator[Message]:
    """One message, or several where it holds the results of several calls."""
    role = role_of(message, roles)
    content = content_of(message.get("content"))
    notes = tuple(content.notes)
    extra = {key: value for key, value in message.items() if key not in READ and value not in EMPTY}
    if role == "assistant":
        yield _assistant(message, content, extra)
    elif role == "tool":
        yield from _results(message, content, extra)
    else:
        alone = bool(content.results) and not content.text
        yield from _block_results(content, extra if alone else {})
        if not alone:
            yield Message(role, content.text, notes=notes, extra=extra)


def _assistant(message: Row, content: Content, extra: Row) -> Message:
    text = content.text or (message["refusal"] if isinstance(message.get("refusal"), str) else "")
    reasoning, rest, redacted = reasoning_of(message, content.reasoning, text)
    made = [*content.calls, *listed(message.get("tool_calls"), "bad_call")]
    if not made and message.get("function_call"):
        made = [message["function_call"]]
    if not made and message.get("role") == "tool_call":
        made, rest = [rest], ""
    for name in (*NAMES, *WEIGHTS):
        extra.pop(name, None)
    thoughts = {name: message[name] for name in NAMES if name in message and not isinstance(message[name], str)}
    notes = [*content.notes, *["redacted_reasoning"] * redacted]
    kept = {name: value for name, value in thoughts.items() if value not in EMPTY and not reasoning}
    return Message(
        "assistant",
        rest,
        reasoning,
        tuple(_call(one) for one in made),
        weight=weight_of(message),
        notes=tuple(notes),
        extra=extra | kept,
    )


def _call(value: Any) -> Call:
    return call_of(value)


def weight_of(message: Row) -> float | None:
    """The training weight that a message carries; None if it has none."""
    for name in WEIGHTS:
        value = message.get(name)
        if isinstance(value, bool | int | float):
            return float(value)
    return None


def _results(message: Row, content: Content, extra: Row) -> Iterator[Message]:
    """The result of a tool message; one that answers several calls is kept at the last of them."""
    ids = [one for one in listed(message.get("tool_call_ids"), "bad_message") if isinstance(one, str) and one]
    answers = word(message.get("tool_call_id") or message.get("call_id")) or (ids[-1] if ids else None)
    name = word(message.get("name"))
    extra.pop("name", None)
    alone = bool(content.results) and not content.text
    yield from _block_results(content, extra if alone else {})
    if alone:
        return
    joint = [one for one in ids if one != answers]
    for one in joint:
        yield Message("tool", "", answers=one, notes=("joint_result",))
    failed = message.get("is_error")
    yield Message(
        "tool",
        content.text,
        answers=answers,
        name=name,
        failed=failed if isinstance(failed, bool) else None,
        notes=tuple(content.notes),
        extra=extra,
    )


def _block_results(content: Content, extra: Row) -> Iterator[Message]:
    """The result blocks of a content; the first has the fields and notes of a message without text."""
    for at, block in enumerate(content.results):
        result = _result(block)
        notes = (*result.notes, *content.notes) if at == 0 and not content.text else result.notes
        yield replace(result, notes=notes, extra=extra | result.extra if at == 0 else result.extra)


def _result(result: Row) -> Message:
    """An Anthropic result block."""
    content = content_of(_plain(result.get("content")))
    failed = result.get("is_error")
    return Message(
        "tool",
        content.text,
        answers=word(result.get("tool_use_id") or result.get("tool_call_id")),
        failed=failed if isinstance(failed, bool) else None,
        notes=tuple(content.notes),
        extra={key: value for key, value in result.items() if key not in BLOCK and value not in EMPTY},
    )


def _plain(content: Any) -> Any:
    """The content of a result; an object of a server tool, such as an error, as a text part."""
    if isinstance(content, dict) and "text" not in content:
        return str(content)
    return content


def with_text_calls(messages: Iterable[Message]) -> Iterator[Message]:
    """Messages with calls read from the tags in their text; the user message that follows is their result."""
    open_calls = 0
    for message in messages:
        calls, rest = _tagged(message) if message.role == "assistant" else ((), "")
        if calls:
            servers = servers_of(message.content)
            extra = message.extra | ({"mcp_servers": servers} if servers else {})
            notes = (*message.notes, "text_calls")
            yield replace(message, content=rest, calls=calls, notes=notes, extra=extra)
        elif message.role == "user" and open_calls:
            yield from _text_results(message, open_calls)
        else:
            yield message
        open_calls = len(calls)


def _tagged(message: Message) -> tuple[tuple[Call, ...], str]:
    """The calls in a message's text; a text that only resembles calls has none."""
    try:
        return text_calls(message.content)
    except Refused:
        return (), message.content


def _text_results(message: Message, calls: int) -> Iterator[Message]:
    """A user message as the result of the calls before it; one text for several calls stays at the last of them."""
    for _ in range(calls - 1):
        yield Message("tool", "", notes=("joint_result",))
    yield replace(message, role="tool")
