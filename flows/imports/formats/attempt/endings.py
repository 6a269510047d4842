"""Finds the answer of a conversation that ends with a finish or submit call instead of text.

Harnesses end an attempt by such a call, whose argument is the answer. The call stays the last turn, as the agent
wrote it; results after it are no longer part of the work and go into the row's metadata.
"""

import json
from collections.abc import Sequence
from dataclasses import replace

from flows.imports.formats.conversation import Call, Message, Row

ENDINGS = frozenset({
    "finish", "finished", "submit", "submit_answer", "submit_final_answer", "submit_result", "final_answer", "final",
    "answer", "give_answer", "provide_answer", "task_complete", "complete_task", "mark_task_complete", "task_done",
    "complete", "completed", "done", "attempt_completion", "terminate", "end", "stop", "exit", "finish_task",
    "send_final_answer", "report_answer", "localization_finish", "agent_finish",
})  # fmt: skip
"""Names of calls that end an attempt, in lower case."""
ARGUMENTS = ("answer", "final_answer", "message", "result", "response", "output", "text", "content", "summary",
             "submission", "value", "thought")  # fmt: skip
"""Arguments that hold the answer, by preference."""


def ended(messages: Sequence[Message]) -> tuple[list[Message], str | None, Row]:
    """The messages up to an ending call, its answer, and what followed it; unchanged without an ending call."""
    place = len(messages) - 1
    while place >= 0 and messages[place].role == "tool":
        place -= 1
    if place < 0 or not messages[place].calls or not is_ending(messages[place].calls[-1]):
        return list(messages), None, {}
    last, after = messages[place], messages[place + 1 :]
    if len(last.calls) > 1:
        return list(messages), None, {}
    notes = (*last.notes, "ended_by_call", *["ending_result"] * len(after))
    answer = answer_of(last.calls[-1]) or last.content.strip() or None
    rest = {"after_ending": [one.content for one in after]} if any(one.content for one in after) else {}
    return [*messages[:place], replace(last, notes=notes)], answer, rest


def is_ending(call: Call) -> bool:
    """True if the call's name, without a prefix of its tool set, is one that ends an attempt."""
    name = call.name.lower()
    return name in ENDINGS or name.rpartition(".")[2] in ENDINGS or name.rpartition("__")[2] in ENDINGS


def answer_of(call: Call) -> str | None:
    """The answer in an ending call's arguments: a known argument, else the only one; None if there is none."""
    named = [call.arguments[key] for key in ARGUMENTS if call.arguments.get(key) not in (None, "")]
    found = named or (list(call.arguments.values()) if len(call.arguments) == 1 else [])
    if not found:
        return None
    value = found[0]
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
