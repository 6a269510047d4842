"""Reads samples of Inspect's evaluation logs (.json, and the samples/*.json of an .eval file).

A sample has `input`, `target`, `messages`, `output`, `scores` and `metadata`; a call is {id, function, arguments},
a tool message has `tool_call_id`, `function` and `error`. Scores become verdicts: C is right, I wrong, numbers as
elsewhere. Source: inspect_ai's EvalSample, ChatMessage, ToolCall and Score models (0.3.285).
"""

from typing import Any

from flows.imports.formats.attempt.outcomes import judged
from flows.imports.formats.conversation import Attempt, Format, Outcome, Row, Sign
from flows.imports.formats.values.chat import chat
from flows.imports.formats.values.coerce import messages_of, object_of, text, truth_of, word

LETTERS = {"C": True, "I": False}


def inspect_sample(row: Row) -> Attempt:
    """Convert one sample; without messages, its input and the model's answer."""
    output = object_of(row.get("output"))
    raw = row.get("messages") or [*_input(row.get("input")), *_answer(output)]
    target = row.get("target")
    return Attempt(
        messages=chat(_message(one) for one in messages_of(raw)),
        truth=truth_of(target[0] if isinstance(target, list) and len(target) == 1 else target),
        model=word(output.get("model") or row.get("model")),
        outcomes=tuple(_outcome(name, score) for name, score in object_of(row.get("scores")).items()),
    )


def _message(message: Row) -> Row:
    """A message with the error of its tool as its content, and its function as its name."""
    error = object_of(message.get("error"))
    plain = {key: value for key, value in message.items() if key not in ("function", "error")}
    if message.get("function"):
        plain["name"] = message["function"]
    if error:
        plain["is_error"] = True
        plain["content"] = message.get("content") or text(error.get("message"))
    return plain


def _input(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [{"role": "user", "content": value}]


def _answer(output: Row) -> list[Any]:
    choices = output.get("choices")
    return [object_of(choices[0]).get("message")] if isinstance(choices, list) and choices else []


def _outcome(name: str, score: Any) -> Outcome:
    value = score.get("value") if isinstance(score, dict) else score
    if isinstance(value, str) and value in LETTERS:
        return Outcome(name, LETTERS[value])
    return judged(name, value) or Outcome(name, None)


def recognise(row: Row) -> Sign | None:
    """The fields of a sample."""
    if {"epoch", "input", "target"} <= row.keys() and ("messages" in row or "output" in row):
        return Sign(0.95, "a sample with `epoch`, `input`, `target` and `messages`")
    return None


FIELDS = frozenset({"messages", "target", "scores", "model"})
INSPECT = Format(inspect_sample, FIELDS, recognise)
