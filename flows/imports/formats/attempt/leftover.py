"""Keeps the fields of a row that its conversation has no place for, so that an import loses nothing in silence.

They become the `metadata` of the row's `imported` record. DROPPED lists the fields that are left out on purpose.
"""

from collections.abc import Sequence
from typing import Any

from flows.imports.formats.conversation import Attempt, Message, Row

TOKENS = "token ids and log-probabilities without their prompt are not a complete stream, and take more than the text"
DROPPED: dict[str, str] = {
    "token_ids": TOKENS,
    "prompt_token_ids": TOKENS,
    "completion_token_ids": TOKENS,
    "loss_mask": TOKENS,
    "logprobs": TOKENS,
    "input_ids": TOKENS,
    "attention_mask": TOKENS,
    "signature": "a provider's proof of its own reasoning, which nobody else can check",
    "encrypted_content": "reasoning that only its provider can read; counted as redacted_reasoning",
    "cache_control": "a hint for the provider's prompt cache",
    "toolUseResult": "Claude Code's copy of a tool result for its screen, with whole files that no model read",
}
"""Field left out wherever it occurs -> the reason."""
EMPTY: tuple[Any, ...] = (None, "", [], {})


def leftover(row: Row, read: frozenset[str]) -> Row:
    """The fields of a row that its format does not read, without empty and dropped ones."""
    rest = {key: _without_dropped(value) for key, value in row.items() if key not in read and key not in DROPPED}
    return {key: value for key, value in rest.items() if value not in EMPTY}


def unread(row: Row, names: Sequence[str], read: frozenset[str], opened: Sequence[str] = ()) -> Row:
    """Fields that a format does not read of the logged requests and replies in a row's fields `names`.

    `read` are the fields that it reads inside, `opened` inner fields of which it reads a part, too: of a list of
    choices the first one.
    """
    found = {name: _rest(row[name], read, opened) for name in names if name in row}
    return {name: rest for name, rest in found.items() if rest not in EMPTY}


def _rest(value: Any, read: frozenset[str], opened: Sequence[str]) -> Any:
    if isinstance(value, list):
        first = [rest for one in value[:1] if (rest := _rest(one, read, opened)) not in EMPTY]
        return [*first, *map(_without_dropped, value[1:])]
    if not isinstance(value, dict):
        return value
    return leftover(value, read | set(opened)) | unread(value, opened, read, opened)


def media_notes(row: Row, seen: int) -> list[str]:
    """A note per image, video or sound in a column of the row, without the `seen` ones that its messages show."""
    images = sum(_number(row.get(name)) for name in ("images", "image"))
    others = sum(_number(row.get(name)) for name in ("videos", "video", "audios", "audio"))
    return ["image"] * max(0, images - seen) + ["part"] * others


def _number(media: object) -> int:
    return len(media) if isinstance(media, list) else int(media not in (None, "", {}))


def of_messages(messages: Sequence[Message]) -> Row:
    """Extra fields of messages, by the index of the turn."""
    extras = {str(at): _without_dropped(message.extra) for at, message in enumerate(messages) if message.extra}
    held = {at: extra for at, extra in extras.items() if extra}
    return {"messages": held} if held else {}


def with_leftover(attempt: Attempt, row: Row, read: frozenset[str]) -> Row:
    """All metadata of an attempt: what its format kept, unread fields of the row, and extra fields of messages."""
    return leftover(row, read) | attempt.metadata | of_messages(attempt.messages)


def _without_dropped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_dropped(one) for key, one in value.items() if key not in DROPPED}
    return [_without_dropped(one) for one in value] if isinstance(value, list) else value
