"""Reads TRL's prompt and completion pairs: each a text, or a list of messages.

Source: TRL's documentation of data set formats (prompt-completion, standard and conversational). Preference rows
(`chosen`, `rejected`) hold two attempts and are not read.
"""

from typing import Any

from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import messages_of, truth_of, word
from flows.imports.formats.values.tools import tools_of


def trl(row: Row) -> Attempt:
    """Convert one pair."""
    return Attempt(
        messages=(*_side(row.get("prompt"), "user"), *_side(row.get("completion"), "assistant")),
        tools=tools_of(row.get("tools")),
        truth=truth_of(row.get("answer")),
        model=word(row.get("model")),
    )


def _side(value: Any, role: str) -> tuple[Message, ...]:
    """The messages of one side; plain text is a single message of the side's role."""
    if isinstance(value, str) and not value.lstrip().startswith(("[{", "[\n")):
        return chat([{"role": role, "content": value}])
    return chat(messages_of(value))


def recognise(row: Row) -> Sign | None:
    """The fields `prompt` and `completion`."""
    return Sign(0.7, "the fields `prompt` and `completion`") if row.get("prompt") and row.get("completion") else None


TRL = Format(trl, frozenset({"prompt", "completion", "tools", "answer", "model"}), recognise)
