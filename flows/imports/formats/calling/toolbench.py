"""Reads ToolBench (ToolLLaMA's toolllama_G123_dfs): ReAct turns of Thought, Action and Action Input.

`conversations` has turns of system, user, assistant and function. The system prompt lists the APIs as a Python or
JSON list; a function turn is a result. The call Finish ends the attempt with `final_answer`, or gives up. The set has
one row per step of an attempt: rows that end before Finish are unanswered. Source: OpenBMB/ToolBench,
preprocess/preprocess_toolllama_data.py and data/toolllama/processed_answer/G1_demo_DFS_woFilter_w2.json.
"""

import re
from collections.abc import Iterator

from flows.imports.formats.conversation import Attempt, Format, Message, Refused, Row, Sign
from flows.imports.formats.values.calls import with_arguments
from flows.imports.formats.values.coerce import messages_of, parsed_json, role_of, text
from flows.imports.formats.values.tools import tools_of

SPEAKERS = {"system": "system", "user": "user", "assistant": "assistant", "function": "tool"}
STEP = re.compile(r"(?:Thought:(?P<thought>.*?))?Action:\s*(?P<name>\S+)\s*Action Input:(?P<arguments>.*)$", re.DOTALL)
APIS = re.compile(r"following APIs:\s*(\[.*\])", re.DOTALL)
BEGIN = "Begin!"


def toolbench(row: Row) -> Attempt:
    """Convert one conversation; an attempt that gives up has no answer."""
    turns = tuple(one for message in messages_of(row.get("conversations")) for one in _message(message))
    last = next((call for one in reversed(turns) for call in one.calls), None)
    gave_up = last is not None and last.name == "Finish" and last.arguments.get("return_type") != "give_answer"
    return Attempt(messages=turns, tools=_declared(turns), status="unanswered" if gave_up else None)


def _message(message: Row) -> Iterator[Message]:
    role, said = role_of(message, SPEAKERS, "from"), text(message.get("value"))
    step = STEP.match(said.strip()) if role == "assistant" else None
    if step:
        call = with_arguments(step["name"], step["arguments"].strip())
        yield Message(role, reasoning=(step["thought"] or "").strip() or None, calls=(call,))
    elif role == "user":
        yield Message(role, said.strip().removesuffix(BEGIN).rstrip())
    else:
        yield Message(role, said)


def _declared(turns: tuple[Message, ...]) -> list[Row]:
    found = APIS.search(turns[0].content) if turns[0].role == "system" else None
    if not found:
        return []
    try:
        return tools_of(parsed_json(found[1], "bad_tools"))
    except Refused:
        return []


def recognise(row: Row) -> Sign | None:
    """A turn with Action and Action Input."""
    turns = row.get("conversations")
    if isinstance(turns, list) and any(
        isinstance(one, dict) and "\nAction Input:" in str(one.get("value")) for one in turns
    ):
        return Sign(0.85, "`conversations` with Action and Action Input")
    return None


TOOLBENCH = Format(toolbench, frozenset({"conversations"}), recognise)
