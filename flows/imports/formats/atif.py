"""Reads Harbor's Agent Trajectory Interchange Format (ATIF, RFC 0001, v1.0 to v1.6): one trajectory per object.

An agent step holds its tool calls and, in the same step, their results. The token ids of a step are not imported:
they cover sampled tokens only, and without the prompt's ids they are not a complete stream.
"""

from collections.abc import Iterator
from typing import Any, get_args

from flows.imports.formats.coerce import arguments_of, listed, messages_of, role_of, text, tools_of, word
from flows.imports.formats.conversation import Attempt, Call, Message, Refused, Row
from schemas.trajectory import Status

SOURCES = {"system": "system", "user": "user", "agent": "assistant"}


def atif(row: Row) -> Attempt:
    """Convert one trajectory; `extra` may carry the status and final answer, as the factory's export writes them."""
    agent, extra = _object(row.get("agent")), _object(row.get("extra"))
    status = extra.get("status")
    return Attempt(
        messages=tuple(one for step in messages_of(row.get("steps")) for one in _step(step)),
        tools=tools_of(agent.get("tool_definitions")),
        final_answer=word(extra.get("final_answer")),
        model=word(agent.get("model_name")),
        status=status if status in get_args(Status) and status != "aborted" else None,
    )


def _step(step: Row) -> Iterator[Message]:
    role = role_of(step, SOURCES, "source")
    calls = tuple(_call(one) for one in listed(step.get("tool_calls"), "bad_call")) if role == "assistant" else ()
    reasoning = text(step.get("reasoning_content")) or None
    yield Message(role, text(step.get("message")), reasoning if role == "assistant" else None, calls)
    for result in listed(_object(step.get("observation")).get("results"), "bad_message"):
        if not isinstance(result, dict):
            raise Refused("bad_message", "a result that is not an object")
        yield Message("tool", text(result.get("content")), answers=word(result.get("source_call_id")))


def _call(call: Any) -> Call:
    if not isinstance(call, dict) or not isinstance(call.get("function_name"), str) or not call["function_name"]:
        raise Refused("bad_call")
    return Call(call["function_name"], arguments_of(call.get("arguments")), word(call.get("tool_call_id")))


def _object(value: Any) -> Row:
    return value if isinstance(value, dict) else {}
