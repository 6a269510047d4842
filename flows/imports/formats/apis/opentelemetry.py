"""Reads spans of OpenTelemetry's conventions for generative AI, which many frameworks write as their traces.

The attributes `gen_ai.input.messages` and `gen_ai.output.messages` hold the conversation up to one completion and that
completion, as lists or their JSON text; a part names its words `content`. Source: the JSON schemas of messages, system
instructions and tool definitions of the GenAI semantic conventions (1.37 and later).
"""

from collections.abc import Iterator
from typing import Any

from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.calls import call_of
from flows.imports.formats.values.chat import ROLES
from flows.imports.formats.values.coerce import json_text, listed, object_of, role_of, truth_of, word
from flows.imports.formats.values.steps import Step, step_messages
from flows.imports.formats.values.tools import tools_of

INPUT, OUTPUT = "gen_ai.input.messages", "gen_ai.output.messages"
SYSTEM, TOOLS = "gen_ai.system_instructions", "gen_ai.tool.definitions"
MODELS = ("gen_ai.response.model", "gen_ai.request.model")
CALLS, RESULTS = ("tool_call", "server_tool_call"), ("tool_call_response", "server_tool_call_response")
READ = frozenset({INPUT, OUTPUT, SYSTEM, TOOLS, *MODELS})


def opentelemetry(row: Row) -> Attempt:
    """Convert the conversation of one span."""
    span = object_of(row.get("attributes")) or row
    raw = [*listed(span.get(INPUT), "no_messages"), *listed(span.get(OUTPUT), "no_messages")]
    system = [{"role": "system", "parts": parts}] if (parts := listed(span.get(SYSTEM), "bad_message")) else []
    return Attempt(
        messages=tuple(one for message in [*system, *raw] for one in _message(object_of(message))),
        tools=tools_of([one for one in listed(span.get(TOOLS), "bad_tools") if object_of(one).get("name")]),
        truth=truth_of(row.get("answer")),
        model=next((word(span[name]) for name in MODELS if span.get(name)), None),
        metadata=leftover(span, READ) if span is not row else {},
    )


def _message(message: Row) -> Iterator[Message]:
    role = role_of(message, ROLES)
    parts = [object_of(one) for one in listed(message.get("parts"), "bad_message")]
    yield from step_messages(parts, role, leftover(message, frozenset({"role", "parts"})), _speaks, _add)


def _speaks(part: Row) -> bool:
    return part.get("type") in ("text", "reasoning")


def _add(step: Step, part: Row) -> None:
    kind = str(part.get("type"))
    if kind == "text":
        step.text += str(part.get("content") or "")
    elif kind == "reasoning":
        step.reasoning.append(str(part.get("content") or ""))
    elif kind in CALLS:
        step.calls.append(call_of(object_of(part.get("server_tool_call")) | part))
    elif kind in RESULTS:
        step.results.append(_result(part))
    elif kind:
        step.add_media("[image]" if part.get("modality") == "image" else f"[{kind}]")


def _result(part: Row) -> Message:
    given: Any = next((part[name] for name in ("response", "result", "server_tool_call_response") if name in part), "")
    return Message("tool", given if isinstance(given, str) else json_text(given), answers=word(part.get("id")))


def recognise(row: Row) -> Sign | None:
    """The attribute with the messages."""
    span = row.get("attributes")
    if any(INPUT in one for one in (row, span) if isinstance(one, dict)):
        return Sign(0.95, f"the attribute `{INPUT}` of OpenTelemetry")
    return None


OPENTELEMETRY = Format(opentelemetry, READ | {"attributes", "answer"}, recognise)
