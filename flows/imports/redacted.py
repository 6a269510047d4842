"""Redacts an imported conversation: secrets and personal data become placeholders in every text of the row.

An imported row has no token ids that its text must agree with, so the agent's own words are redacted too. They may
repeat what a tool returned, and one placeholder then stands for both.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flows.imports.formats.conversation import Attempt, Call, Message
from sources.privacy.redaction import count_kinds, redact


def redacted(attempt: Attempt) -> tuple[Attempt, list[dict[str, int]]]:
    """The attempt without secrets, and the number of findings by kind in each message."""
    texts = list(_texts(attempt))
    if not any(count_kinds(texts)):
        return attempt, [{} for _ in attempt.messages]
    counts: list[dict[str, int]] = []
    messages = []
    for message in attempt.messages:
        found: Counter[str] = Counter()
        messages.append(_message(message, found))
        counts.append(dict(found))
    rest: Counter[str] = Counter()
    clean = replace(
        attempt,
        messages=tuple(messages),
        tools=_value(attempt.tools, rest),
        truth=_value(attempt.truth, rest),
        final_answer=_value(attempt.final_answer, rest),
        metadata=_value(attempt.metadata, rest),
    )
    return clean, counts


def _texts(attempt: Attempt) -> Iterator[str | None]:
    for message in attempt.messages:
        calls = [call.arguments for call in message.calls]
        yield "\n".join([message.content, message.reasoning or "", *map(_json, calls)])
    yield from (_json(attempt.tools), attempt.truth, attempt.final_answer, _json(attempt.metadata))


def _message(message: Message, found: Counter[str]) -> Message:
    return replace(
        message,
        content=_value(message.content, found),
        reasoning=_value(message.reasoning, found),
        calls=tuple(_call(call, found) for call in message.calls),
    )


def _call(call: Call, found: Counter[str]) -> Call:
    return replace(call, arguments=_value(call.arguments, found))


def _value(value: Any, found: Counter[str]) -> Any:
    """The value with every text in it redacted; findings are added to `found`."""
    if isinstance(value, str):
        text, kinds = redact(value)
        found.update(kinds)
        return text
    if isinstance(value, dict):
        return {key: _value(one, found) for key, one in value.items()}
    return [_value(one, found) for one in value] if isinstance(value, list) else value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
