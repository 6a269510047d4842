"""Pairs tool calls with their results, and joins messages that a set split from one completion.

Sets link results to calls by id, by order, or not at all. After pairing, every call has an id and every result
carries the id of its call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from flows.imports.formats.conversation import Call, Message, Refused


def joined(messages: Iterable[Message]) -> Iterator[Message]:
    """Join consecutive assistant messages that are parts of one completion (reasoning, text, calls)."""
    held: Message | None = None
    for message in messages:
        if held is not None and _continues(held, message):
            reasoning = "\n".join(part for part in (held.reasoning, message.reasoning) if part) or None
            held = replace(
                held, content=held.content or message.content, reasoning=reasoning, calls=held.calls + message.calls
            )
            continue
        if held is not None:
            yield held
        held = message
    if held is not None:
        yield held


def paired(messages: Iterable[Message]) -> Iterator[Message]:
    """Give every call an id, and every tool result the id and tool name of its call.

    Raises Refused on a result without an open call in the assistant message before it.
    """
    open_calls: list[Call] = []
    n_calls = 0
    for message in messages:
        if message.role == "tool":
            call = _answered(open_calls, message)
            open_calls.remove(call)
            yield replace(message, answers=call.id, name=message.name or call.name)
            continue
        calls = [replace(call, id=call.id or f"call_{n_calls + at}") for at, call in enumerate(message.calls)]
        n_calls += len(calls)
        open_calls = calls if message.role == "assistant" else open_calls
        yield replace(message, calls=tuple(calls))


def _continues(held: Message, message: Message) -> bool:
    if held.role != "assistant" or message.role != "assistant":
        return False
    if held.calls:
        return not message.content and not message.reasoning
    return not (held.content and message.content) and not (held.content and message.reasoning)


def _answered(open_calls: list[Call], message: Message) -> Call:
    """The call that a tool result belongs to: by id, else by tool name, else the first open call."""
    if message.answers is not None:
        fits = [call for call in open_calls if call.id == message.answers]
    else:
        fits = [call for call in open_calls if call.name == message.name] or open_calls
    if not fits:
        raise Refused("unpaired_call", message.answers or message.name or "")
    return fits[0]
