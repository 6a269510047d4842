"""Reads runs of smolagents: the steps of an agent's memory, as `agent.memory.get_full_steps()` writes them.

A step is the system prompt, the task, a plan, an action (model_output, tool_calls, observations, error) or the final
answer. A CodeAgent's action is a program: its call of `python_interpreter` repeats the code of its text. Source:
the step classes of smolagents (memory.py) and RunResult.
"""

import re
from collections.abc import Iterator
from typing import Any

from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.conversation import Attempt, Call, Format, Message, Row, Sign
from flows.imports.formats.values.calls import with_arguments
from flows.imports.formats.values.coerce import json_text, listed, messages_of, object_of, text, truth_of, word
from flows.imports.formats.values.tools import tools_of

INTERPRETER = "python_interpreter"
FENCE = re.compile(r"(?:<code>|```(?:py(?:thon)?)?\n).*", re.DOTALL)
"""The program at the end of a CodeAgent's text."""
ACTION = ("model_output", "tool_calls", "observations", "action_output")
READ = frozenset({
    "system_prompt", "task", "plan", "output", "model_output", "tool_calls", "observations", "error", "action_output",
    "is_final_answer", "model_input_messages", "model_output_message", "code_action",
})  # fmt: skip
"""Fields of a step that are read, or repeat the conversation so far."""


def smolagents(row: Row) -> Attempt:
    """Convert one run."""
    steps = messages_of(row.get("steps"))
    messages = tuple(one for step in steps for one in _step(step))
    own = {one.role for one in messages}
    task, system = text(row.get("task") or row.get("question")), text(row.get("system_prompt"))
    opening = [Message("system", system)] if system and "system" not in own else []
    opening += [Message("user", task)] if task and "user" not in own else []
    answers = [step.get("output", step.get("action_output")) for step in steps if _is_final(step)]
    given = row.get("output") if row.get("output") is not None else (answers or [None])[-1]
    return Attempt(
        messages=(*opening, *messages),
        tools=tools_of(row.get("tools")),
        truth=truth_of(row.get("answer")),
        final_answer=_told(given) or None,
        model=word(row.get("model")),
    )


def _step(step: Row) -> Iterator[Message]:
    extra = leftover(step, READ)
    if prompt := text(step.get("system_prompt")):
        yield Message("system", prompt, extra=extra)
    if task := text(step.get("task")):
        yield Message("user", task, extra=extra)
    if plan := text(step.get("plan")):
        yield Message("assistant", plan, extra=extra)
    if any(step.get(name) for name in ACTION):
        yield from _action(step, extra)


def _action(step: Row, extra: Row) -> Iterator[Message]:
    """The agent's text with its calls, and the observation of the last of them."""
    calls = tuple(_call(one) for one in listed(step.get("tool_calls"), "bad_call"))
    said = text(step.get("model_output"))
    program = any(call.name == INTERPRETER for call in calls)
    yield Message("assistant", FENCE.sub("", said).strip() if program else said, calls=calls, extra=extra)
    error = object_of(step.get("error"))
    seen = "\n".join(part for part in (text(step.get("observations")), text(error.get("message"))) if part)
    for call in calls[:-1]:
        yield Message("tool", "", answers=call.id, notes=("joint_result",))
    if calls:
        told = seen or _told(step.get("action_output"))
        yield Message("tool", told, answers=calls[-1].id, name=calls[-1].name, failed=True if error else None)
    elif seen:
        yield Message("user", seen)


def _call(value: Any) -> Call:
    """A call; a program is the text of its arguments."""
    function = object_of(object_of(value).get("function")) or object_of(value)
    given, id = function.get("arguments"), word(object_of(value).get("id"))
    if isinstance(given, str) and not given.lstrip().startswith("{"):
        return Call(str(function.get("name") or ""), {"code": given}, id)
    return with_arguments(str(function.get("name") or ""), given, id)


def _is_final(step: Row) -> bool:
    return step.get("is_final_answer") is True or set(step) == {"output"}


def _told(value: Any) -> str:
    """An answer of any type as text."""
    if value is None or isinstance(value, str):
        return value or ""
    return json_text(value)


def recognise(row: Row) -> Sign | None:
    """Steps with `step_number` and what the model did."""
    steps = row.get("steps")
    found = [one for one in steps if isinstance(one, dict)] if isinstance(steps, list) else []
    if any("step_number" in one and any(name in one for name in ACTION) for one in found):
        return Sign(0.9, "`steps` with step_number and observations, as smolagents writes them")
    return None


FIELDS = frozenset({"steps", "task", "question", "system_prompt", "output", "tools", "answer", "model"})
SMOLAGENTS = Format(smolagents, FIELDS, recognise)
