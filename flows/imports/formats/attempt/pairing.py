"""Pairs tool calls with their results, and joins messages that a set split from one completion.

Sets link results to calls by id, by order, or not at all, and write parallel calls as one message or as several.
After pairing, every call has an id and every result carries the id of its call and follows its call's message.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from flows.imports.formats.conversation import Call, Message, Refused

ERROR = ("error", "exception", "traceback", "invalid", "failed", "could not", "cannot", "malformed")
"""Words at the start of a result that refuses a call."""
ERROR_WITHIN = 200


def joined(messages: Iterable[Message]) -> Iterator[Message]:
    """Join consecutive assistant messages that are parts of one completion (reasoning, text, calls)."""
    return _merged(messages, _continues)


def paired(messages: Iterable[Message]) -> list[Message]:
    """Give every call a distinct id, and every result the id and tool name of its call, right after its call's message.

    Raises Refused on a result that answers no open call, and on broken arguments that no error answers.
    """
    turns: list[list[Message]] = []
    open_calls: list[tuple[Call, int]] = []
    taken: set[str] = set()
    for message in _merged(messages, _parallel):
        if message.role == "tool":
            call, turn = _answered(open_calls, message, len(turns) - 1)
            open_calls.remove((call, turn))
            notes = (*message.notes, "late_result") if _left(turns, turn) else message.notes
            turns[turn].append(replace(message, answers=call.id, name=call.name, notes=notes))
            continue
        turns.append([replace(message, calls=tuple(_with_ids(message.calls, taken)))])
        open_calls += [(call, len(turns) - 1) for call in turns[-1][0].calls]
    return [one for turn in turns for one in _recovered(turn)]


def _parallel(held: Message, message: Message) -> bool:
    """True if the message makes further calls in a turn that waits for results: parallel calls of one turn."""
    return bool(held.calls) and message.role == "assistant" and bool(message.calls)


def _merged(messages: Iterable[Message], belongs: Callable[[Message, Message], bool]) -> Iterator[Message]:
    """Join each message to the one before wherever it belongs to it."""
    held: Message | None = None
    for message in messages:
        if held is not None and belongs(held, message):
            held = _both(held, message)
            continue
        if held is not None:
            yield held
        held = message
    if held is not None:
        yield held


def _both(one: Message, other: Message) -> Message:
    return replace(
        one,
        content="\n".join(part for part in (one.content, other.content) if part),
        reasoning="\n".join(part for part in (one.reasoning, other.reasoning) if part) or None,
        calls=one.calls + other.calls,
        notes=one.notes + other.notes,
        weight=min((weight for weight in (one.weight, other.weight) if weight is not None), default=None),
        extra=other.extra | one.extra,
    )  # fmt: skip


def _continues(held: Message, message: Message) -> bool:
    if held.role != "assistant" or message.role != "assistant":
        return False
    if held.calls:
        return not message.content and not message.reasoning
    return not (held.content and message.content) and not (held.content and message.reasoning)


def _with_ids(calls: Sequence[Call], taken: set[str]) -> Iterator[Call]:
    """The calls with ids; an id that an earlier turn used stays, one that the same turn repeats gets a new one."""
    own: set[str] = set()
    for call in calls:
        name = call.id if call.id and call.id not in own else _free(taken)
        own.add(name)
        taken.add(name)
        yield replace(call, id=name)


def _free(taken: set[str]) -> str:
    number = len(taken)
    while f"call_{number}" in taken:
        number += 1
    return f"call_{number}"


def _answered(open_calls: list[tuple[Call, int]], message: Message, last: int) -> tuple[Call, int]:
    """The call that a tool result belongs to: by id (the newest), else by tool name, else the first open call."""
    if message.answers is not None:
        fits = [one for one in reversed(open_calls) if one[0].id == message.answers]
    else:
        newest = max((turn for _, turn in open_calls), default=last)
        recent = [one for one in open_calls if one[1] == newest]
        fits = [one for one in recent if one[0].name == message.name] or recent
    if not fits:
        raise Refused("unpaired_call", message.answers or message.name or "")
    return fits[0]


def _left(turns: list[list[Message]], turn: int) -> bool:
    """True if another message followed the call's turn before its result came."""
    return turn < len(turns) - 1


def _recovered(turn: list[Message]) -> list[Message]:
    """A turn whose broken calls its tools refused, as text that is not trained on; raises Refused on others."""
    message, results = turn[0], turn[1:]
    broken = [call for call in message.calls if call.broken is not None]
    if not broken:
        return turn
    if len(broken) < len(message.calls) or not results or not all(refuses(one) for one in results):
        raise Refused("bad_arguments", str(broken[0].broken)[:80])
    texts = [f'<tool_call>\n{{"name": "{call.name}", "arguments": {call.broken}}}\n</tool_call>' for call in broken]
    content = "\n".join(part for part in (message.content, *texts) if part)
    notes = (*message.notes, *["broken_call"] * len(broken))
    told = replace(message, content=content, calls=(), parse="invalid_json", weight=0.0, notes=notes)
    return [told, *(replace(one, answers=None) for one in results)]


def refuses(result: Message) -> bool:
    """True if a tool result is an error: marked by the set, or so worded at its start."""
    if result.failed is not None:
        return result.failed
    start = result.content[:ERROR_WITHIN].lower()
    return any(word in start for word in ERROR)
