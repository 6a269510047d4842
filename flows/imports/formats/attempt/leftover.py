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
