"""The common form of an imported row (`Attempt`), and the reason codes of rows that cannot be converted.

A format is a small pure function from a row to an Attempt. Rows are untrusted: formats read every value through
`values/`, which raises Refused with a reason code, so a format only describes its data set's layout.
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
    "unknown_format": "a row in none of the formats that `--format auto` recognises",
    "no_messages": "no conversation in the format's field",
    "bad_message": "a message that is not an object, or has no role",
    "bad_role": "a role that the format does not define",
    "not_text": "content that is not text, such as a question that is only an image",
    "bad_call": "a tool call without a tool name",
    "bad_arguments": "a tool call whose arguments are not a JSON object",
    "bad_tools": "invalid tool schemas",
    "unpaired_call": "a tool result without its tool call",
    "no_instruction": "no user message with text",
    "no_agent": "no assistant message",
}
"""Reason code of a refusal -> its meaning."""

NOTES: dict[str, str] = {
    "image": "images replaced by [image]",
    "part": "parts that are not text (files, audio, video) replaced by their name in brackets",
    "null_part": "null or empty parts left out",
    "redacted_reasoning": "blocks of reasoning that their provider encrypted: not readable, left out",
    "late_result": "tool results moved up to the turn of their call",
    "joint_result": "results that answer several calls at once, kept at the last of them",
    "ended_by_call": "conversations that end with a finish or submit call: its argument is the answer",
    "ending_result": "tool results after the ending call, moved to the row's metadata",
    "untrainable": "messages that the set excludes from training (weight 0)",
    "broken_call": "calls with broken arguments that their tool refused, kept as text that is not trained on",
    "text_calls": "messages whose calls were read from tags in their text",
    "subagent": "conversations of sub-agents and references to them, kept in the row's metadata",
    "verdicts_added": "verdicts of the set added to rows that were already there",
    "verdicts_kept": "verdicts that an earlier import judged differently on rows already there: the earlier ones stay",
    "other_format": "rows already there that an earlier import read as another format: unchanged",
    "other_domain": "rows already there in another domain, where they stay",
    "kept_tools": "rows already there that keep the tools of their first import: --tools does not change them",
    "compacted": "places where the harness replaced the conversation so far by a summary",
    "branch": "messages of branches that the user left by editing an earlier message, kept in the row's metadata",
    "inferred_tools": "rows without tool schemas: inferred from their calls (name the real ones with --tools)",
}
"""Code of a note -> its meaning; a note counts something that a row does not hold as it was."""

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
    broken: str | None = None
    """The text of arguments that are not a JSON object; `arguments` is then empty."""


@dataclass(frozen=True)
class Message:
    """One message. For role tool, `content` is the tool result and `answers` the id of its call."""

    role: str
    content: str = ""
    reasoning: str | None = None
    calls: tuple[Call, ...] = ()
    answers: str | None = None
    name: str | None = None
    weight: float | None = None
    """Training weight that the set gives; 0: not trained on."""
    failed: bool | None = None
    """Of a tool result: true if the set marks it as an error."""
    parse: str = "ok"
    """Of an assistant message: as in the column `parse` of turns."""
    notes: tuple[str, ...] = ()
    extra: Row = field(default_factory=dict)
    """Fields of the message that no other attribute holds."""


@dataclass(frozen=True)
class Outcome:
    """One verdict of the set itself, named after its column."""

    column: str
    passed: bool | None
    """None: a value that is neither, such as a score between 0 and 1 without a threshold."""
    score: float | None = None


@dataclass(frozen=True)
class Sign:
    """Evidence that a row has a format."""

    sure: float
    """0 to 1; the format with the highest value is taken."""
    because: str


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
    """The set's own judgement of the outcome, where no column names it."""
    status: str | None = None
    outcomes: tuple[Outcome, ...] = ()
    """Verdicts in columns of the row."""
    notes: tuple[str, ...] = ()
    metadata: Row = field(default_factory=dict)
    """Fields of the row that no other attribute holds."""
    format: str = ""
    sign: Sign | None = None
    """Why this format was recognised; None if it was given."""


Convert = Callable[[Row], Attempt]
"""A function from a row to an Attempt that raises Refused on a row that it cannot convert."""


@dataclass(frozen=True)
class Format:
    """A row format of published data sets."""

    convert: Convert
    fields: frozenset[str]
    """Top-level fields that `convert` reads; all others are kept in `Attempt.metadata`."""
    recognise: Callable[[Row], Sign | None]
    """Evidence in a row for this format; None if there is none."""
    split_completions: bool = False
    """True if the format splits one completion into several messages."""
