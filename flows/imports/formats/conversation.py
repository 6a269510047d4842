"""The common form of an imported row (`Attempt`), and the reason codes of rows that cannot be converted.

A format is a small pure function from a row to an Attempt. Rows are untrusted: formats read every value through
`coerce.py`, which raises Refused with a reason code, so a format only describes its data set's layout.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

REASONS: dict[str, str] = {
    "damaged": "the file is broken at this row",
    "too_long": "a row longer than any trajectory",
    "not_unicode": "text that is not Unicode, such as half a surrogate pair",
    "not_json": "invalid JSON where JSON is expected",
    "not_an_object": "a row that is not an object",
    "no_messages": "no conversation in the format's field",
    "bad_message": "a message that is not an object, or has no role",
    "bad_role": "a role that the format does not define",
    "not_text": "content that is not text, such as an image",
    "bad_call": "a tool call without a tool name",
    "bad_arguments": "a tool call whose arguments are not a JSON object",
    "bad_tools": "invalid tool schemas",
    "unpaired_call": "a tool result without its tool call",
    "no_instruction": "no user message with text",
    "no_agent": "no assistant message",
}
"""Reason code of a refusal -> its meaning."""

Row = dict[str, Any]


class Refused(Exception):
    """A row that cannot be converted; `code` is one of REASONS."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Call:
    """One tool call; `id` is None if the set has no call ids."""

    name: str
    arguments: Row
    id: str | None = None


@dataclass(frozen=True)
class Message:
    """One message. For role tool, `content` is the tool result and `answers` the id of its call."""

    role: str
    content: str = ""
    reasoning: str | None = None
    calls: tuple[Call, ...] = ()
    answers: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Attempt:
    """A row's conversation and its metadata; None where the set gives no value."""

    messages: tuple[Message, ...]
    tools: list[Row] = field(default_factory=list)
    truth: str | None = None
    final_answer: str | None = None
    """The answer within the last message, if the set marks it."""
    model: str | None = None
    passed: bool | None = None
    """The set's own judgement of the outcome."""
    status: str | None = None


Convert = Callable[[Row], Attempt]
"""A format: a function from a row to an Attempt that raises Refused on a row that it cannot convert."""
