"""Calls and their answers brought together, and messages that a set cut out of one completion joined again.

Sets name calls by id, by order, or not at all. Here each call gets an id, and each answer the id of its call.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from flows.imports.formats.conversation import Call, Message, Refused


def joined(messages: Iterable[Message]) -> Iterator[Message]:
    """Runs of the agent's messages that are parts of one (reasoning, words, calls) as one message."""
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
    """The messages with an id for every call, and the call's id and tool on every answer.

    Raises Refused on an answer to a call that the message before it did not make.
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
    """The call that a message answers: by id, else by the tool's name, else the first that is open."""
    if message.answers is not None:
        fits = [call for call in open_calls if call.id == message.answers]
    else:
        fits = [call for call in open_calls if call.name == message.name] or open_calls
    if not fits:
        raise Refused("unpaired_call", message.answers or message.name or "")
    return fits[0]
