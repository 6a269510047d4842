"""Converts the messages of an imported attempt to turns, with the outcome of each tool call as far as it shows.

A set rarely says how a call went. An error that the set marks, or a result that begins like one, is a fault; a page
that refuses the reader is blocked; everything else with text is ok.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flows.imports.formats.conversation import Message, Refused
from schemas import Turn, sha256_text
from schemas.trajectory import Kind
from sources.privacy.redaction import as_json, detector_version

FAULT = re.compile(
    r"\s*(?:\[?error\b|<error>|traceback \(most recent call last\)|exception\b|failed to "
    r"|tool (?:call )?(?:failed|error)"
    r"|(?:json|type|value|key|index|attribute|name|syntax|runtime|timeout|http|connection)[a-z]*error\b"
    r'|\{\s*"(?:error|err|exception)"\s*:\s*+(?!null|""|false|\{\}|\[\])|invalid (?:argument|parameter|call)'
    r"|unknown tool|no such tool)",
    re.IGNORECASE,
)
BLOCKED = re.compile(
    r"\s*(?:(?:http )?(?:error )?(?:401|403|429)\b|access denied|forbidden|too many requests|just a moment\.\.\."
    r"|please (?:verify|complete the captcha)|are you a (?:human|robot)|enable javascript and cookies)",
    re.IGNORECASE,
)
TRUNCATED = re.compile(
    r"(?:\[|<|\(|\.\.\.|…)\s*(?:[\d,]+ (?:more )?(?:bytes|characters|chars|lines|tokens)[^\n]*)?"
    r"(?:truncated|clipped|omitted|were cut|cut off|elided)[^\n]{0,40}\s*$",
    re.IGNORECASE,
)
CUT_IN_THE_MIDDLE = re.compile(
    r"^(?:\[|<|\(|\.\.\.|…)[^\n]{0,60}\b(?:truncated|clipped|omitted|were cut|cut off|elided)\b"
    r"[^\n]{0,40}(?:\]|>|\)|\.\.\.|…)$",
    re.IGNORECASE | re.MULTILINE,
)
"""A line of its own between head and tail, as OpenHands, mini-swe-agent, Codex and the factory itself write it."""


@dataclass(frozen=True)
class Measured:
    """Facts about each message of an attempt."""

    redacted: Sequence[dict[str, int]] | None = None
    """Redacted secrets by kind; None if nothing was looked for."""
    tokens: Sequence[int] | None = None
    """Number of tokens; None without a tokenizer."""


def turns_of(messages: Sequence[Message], measured: Measured, name: str, run_id: str) -> list[Turn]:
    """The turns of trajectory `name`; raises Refused on calls that cannot be written as JSON."""
    return [_turn(message, measured, name, at, run_id) for at, message in enumerate(messages)]


def kind_of(message: Message) -> Kind:
    """The outcome of the call that a tool message answers."""
    text = message.content
    if message.failed is True:
        return "blocked" if BLOCKED.match(text) else "fault"
    if not text.strip():
        return "empty"
    if BLOCKED.match(text):
        return "blocked"
    if message.failed is None and FAULT.match(text):
        return "fault"
    return "truncated" if TRUNCATED.search(text[-200:]) or CUT_IN_THE_MIDDLE.search(text) else "ok"


def _turn(message: Message, measured: Measured, trajectory: str, index: int, run_id: str) -> Turn:
    found = None if measured.redacted is None else measured.redacted[index]
    is_tool = message.role == "tool"
    made = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in message.calls]
    calls = to_json(made, "bad_arguments") if made else None
    return Turn(
        trajectory_id=trajectory,
        index=index,
        segment=0,
        role=message.role,
        content=None if is_tool else message.content,
        reasoning=message.reasoning,
        tool_calls=calls,
        parse=message.parse if message.role == "assistant" else None,
        tool=message.name if is_tool else next((call.name for call in message.calls), None),
        n_chars=len(message.content) + len(message.reasoning or "") + len(calls or ""),
        n_tokens=0 if measured.tokens is None else measured.tokens[index],
        observation=message.content if is_tool else None,
        kind=kind_of(message) if is_tool else None,
        url=None,
        content_sha256=sha256_text(message.content) if is_tool else None,
        bytes_dropped=0,
        tool_call_id=message.answers if is_tool else None,
        redacted=as_json(found) if found or (found is not None and is_tool) else None,
        detector=None if found is None else detector_version(),
        token_ids=[],
        sampled=[],
        logprobs=[],
        finish_reason=None,
        cached_tokens=None,
        weight=message.weight,
        seconds=0.0,
        run_id=run_id,
    )


def to_json(value: Any, code: str) -> str:
    """JSON text; raises Refused with `code` on values that JSON cannot hold."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(code, str(error)) from error
