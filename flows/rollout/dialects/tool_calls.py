"""The tools that a dialect offers, made ready once, and what is wrong with a call that was read.

A call that cannot be made is a parse failure with a name of `schemas.trajectory.PARSES`. All calls of a
message stand or fall together: with one of them unreadable, what the agent meant is a guess.
"""

import hashlib
import json
from array import array
from collections.abc import Sequence
from typing import Any

from jsonschema import Draft202012Validator

from flows.domains.contract import ToolCall, ToolSpec
from flows.rollout.protocol import Completion

FITTING = {"ok": None, "unknown_tool": "unknown_tool"}
"""What a renderer says of a call's form, as this room names it; all else is `invalid_json`."""


class ToolSet:
    """Tools as renderers take them, with their schemas compiled."""

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self.tools = tools
        self.specs = specs(tools)
        self._schemas = {tool.name: Draft202012Validator(tool.parameters) for tool in tools}

    def fault(self, made: Sequence[Any]) -> str | None:
        """The first thing that is wrong with a renderer's calls; None when all of them can be made."""
        return next((fault for fault in map(self._fault, made) if fault), None)

    def _fault(self, call: Any) -> str | None:
        fault = FITTING.get(call.status, "invalid_json")
        if fault:
            return fault
        if call.name not in self._schemas:
            return "unknown_tool"
        said = arguments(call)
        fits = isinstance(said, dict) and self._schemas[call.name].is_valid(said)
        return None if fits else "invalid_arguments"


def specs(tools: Sequence[ToolSpec]) -> list[dict[str, Any]] | None:
    """Tools in the form that chat templates take; None for none."""
    functions = [{"name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in tools]
    return [{"type": "function", "function": function} for function in functions] or None


def calls(made: Sequence[Any], completion: Completion) -> tuple[ToolCall, ...]:
    """A renderer's calls, each with an id of its own."""
    named = call_id(completion)
    return tuple(ToolCall(one.id or f"{named}{at}", one.name, arguments(one)) for at, one in enumerate(made))


def arguments(call: Any) -> Any:
    """The arguments as plain JSON, with lone surrogates replaced; None when they are no JSON."""
    try:
        said = json.loads(call.arguments) if isinstance(call.arguments, str) else call.arguments
        return json.loads(json.dumps(said, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))
    except (ValueError, TypeError, RecursionError):
        return None


def call_id(completion: Completion) -> str:
    """An id that follows from what was sampled and from nothing else, so that reading it again makes the same."""
    said = array("i", completion.token_ids).tobytes() + array("f", completion.logprobs).tobytes()
    return f"call_{hashlib.sha256(said).hexdigest()[:9]}"
