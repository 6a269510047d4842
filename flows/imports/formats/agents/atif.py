"""Reads Harbor's Agent Trajectory Interchange Format (ATIF, RFC 0001, v1.0 to v1.7): one trajectory per object.

An agent step holds its tool calls and, in the same step, their results; one result without `source_call_id` answers
all calls of its step. Trajectories of sub-agents (`subagent_trajectories`, and references to other files) stay in
the metadata. Token ids are not imported: without the prompt's ids they are not a complete stream.
"""

from collections.abc import Iterator
from typing import Any, get_args

from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.conversation import Attempt, Call, Format, Message, Refused, Row, Sign
from flows.imports.formats.values.calls import with_arguments
from flows.imports.formats.values.coerce import listed, messages_of, object_of, role_of, word
from flows.imports.formats.values.parts import content_of
from flows.imports.formats.values.reasoning import reasoning_of
from flows.imports.formats.values.tools import tools_of
from schemas.trajectory import Status

SOURCES = {"system": "system", "user": "user", "agent": "assistant"}
STEP = frozenset({"step_id", "source", "message", "reasoning_content", "tool_calls", "observation"})
AGENT = frozenset({"model_name", "tool_definitions"})
EXTRA = frozenset({"status", "final_answer"})


def atif(row: Row) -> Attempt:
    """Convert one trajectory; `extra` may carry the status and final answer, as the factory's export writes them."""
    agent, extra = object_of(row.get("agent")), object_of(row.get("extra"))
    steps = messages_of(row.get("steps"))
    status = extra.get("status")
    children = listed(row.get("subagent_trajectories"), "bad_message")
    of_steps = next((one["model_name"] for one in steps if one.get("model_name")), None)
    metadata = {"agent": leftover(agent, AGENT), "extra": leftover(extra, EXTRA), "subagent_trajectories": children}
    return Attempt(
        messages=tuple(one for step in steps for one in _step(step)),
        tools=tools_of(agent.get("tool_definitions")),
        final_answer=word(extra.get("final_answer")),
        model=word(agent.get("model_name") or of_steps),
        status=status if status in get_args(Status) and status != "aborted" else None,
        notes=("subagent",) * len(children),
        metadata={key: value for key, value in metadata.items() if value},
    )  # fmt: skip


def _step(step: Row) -> Iterator[Message]:
    role = role_of(step, SOURCES, "source")
    content, rest = content_of(step.get("message")), leftover(step, STEP)
    results = listed(object_of(step.get("observation")).get("results"), "bad_message")
    if role != "assistant":
        yield Message(role, content.text, notes=tuple(content.notes), extra=rest)
    else:
        calls = tuple(_call(one) for one in listed(step.get("tool_calls"), "bad_call"))
        reasoning, visible, _ = reasoning_of({"reasoning_content": step.get("reasoning_content")}, (), content.text)
        own = object_of(step.get("extra"))
        weight = 0.0 if step.get("is_copied_context") is True or own.get("trainable") is False else None
        yield Message(role, visible, reasoning, calls, weight=weight, notes=tuple(content.notes), extra=rest)
        if len(results) == 1 < len(calls) and isinstance(results[0], dict) and not results[0].get("source_call_id"):
            for call in calls[:-1]:
                yield Message("tool", "", answers=call.id, notes=("joint_result",))
            results = [results[0] | {"source_call_id": calls[-1].id}]
        elif results and not calls:
            yield from _environment(results)
            return
    for result in results:
        yield _result(result)


def _environment(results: list[Any]) -> Iterator[Message]:
    """Messages of the user's side: the results that an agent's step without calls read."""
    for one in results:
        result = _result(one)
        if result.content or result.extra:
            yield Message("user", result.content, notes=result.notes, extra=result.extra)


def _result(result: Any) -> Message:
    if not isinstance(result, dict):
        raise Refused("bad_message", "a result that is not an object")
    content = content_of(result.get("content"))
    references = listed(result.get("subagent_trajectory_ref"), "bad_message")
    extra = leftover(result, frozenset({"content", "source_call_id"}))
    return Message(
        "tool",
        content.text,
        answers=word(result.get("source_call_id")),
        notes=(*content.notes, *["subagent"] * len(references)),
        extra=extra,
    )


def _call(call: Any) -> Call:
    if not isinstance(call, dict) or not isinstance(call.get("function_name"), str) or not call["function_name"]:
        raise Refused("bad_call")
    return with_arguments(call["function_name"], call.get("arguments"), word(call.get("tool_call_id")))


def recognise(row: Row) -> Sign | None:
    """The schema version, or steps with a source."""
    if str(row.get("schema_version", "")).startswith("ATIF"):
        return Sign(1.0, f"schema_version {row['schema_version']}")
    steps = row.get("steps")
    if isinstance(steps, list) and steps and isinstance(steps[0], dict) and "source" in steps[0]:
        return Sign(0.9, "steps with a `source`")
    return None


FIELDS = frozenset({"steps", "agent", "extra", "schema_version", "subagent_trajectories"})
ATIF = Format(atif, FIELDS, recognise)
