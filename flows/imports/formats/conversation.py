"""What a row of any published set becomes before it is a trajectory, and why a row cannot become one.

Converters are small pure functions from a row to an Attempt. Rows are hostile: each is read through
`reading.py`, which refuses with a code, so that a converter says only where its set keeps things.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

REASONS: dict[str, str] = {
    "damaged": "the file is broken at this row",
    "too_long": "a row longer than any trajectory",
    "not_unicode": "text that is not Unicode, such as half a surrogate pair",
    "not_json": "not JSON where JSON must stand",
    "not_an_object": "a row that is no object",
    "no_messages": "no conversation where its format keeps it",
    "bad_message": "a message that is no object, or without a role",
    "bad_role": "a role that its format does not know",
    "not_text": "content that is not text, such as an image",
    "bad_call": "a tool call without a tool's name",
    "bad_arguments": "a tool call whose arguments are no JSON object",
    "bad_tools": "tool schemas that are none",
    "unpaired_call": "a tool's answer to a call that nobody made",
    "no_instruction": "nothing was asked",
    "no_agent": "nothing was answered",
}
"""Why a row is refused, by code."""

Row = dict[str, Any]


class Refused(Exception):
    """A row that cannot become a trajectory; `code` is one of REASONS."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Call:
    """One tool call; the id is None where the set keeps none."""

    name: str
    arguments: Row
    id: str | None = None


@dataclass(frozen=True)
class Message:
    """One message. Of role tool: `content` is what the tool returned, `answers` the id of the call."""

    role: str
    content: str = ""
    reasoning: str | None = None
    calls: tuple[Call, ...] = ()
    answers: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Attempt:
    """A row's conversation, and what its set says of it; None where the set is silent."""

    messages: tuple[Message, ...]
    tools: list[Row] = field(default_factory=list)
    truth: str | None = None
    final_answer: str | None = None
    """The answer within the last message, where the set tells it apart."""
    model: str | None = None
    passed: bool | None = None
    """The set's own judgement of the outcome."""
    status: str | None = None


Convert = Callable[[Row], Attempt]
"""A format: raises Refused on a row that cannot become a trajectory."""
