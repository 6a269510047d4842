"""Validates the tool calls that a renderer parsed from a completion, and gives each call an id.

An invalid tool call is a parse failure with a name of `schemas.trajectory.PARSES`. One invalid call makes all calls of
its message invalid: executing the rest would be a guess at the agent's intention.
"""

import hashlib
import json
from array import array
from collections.abc import Sequence
from typing import Any

from jsonschema_rs import Draft202012Validator, RegexOptions

from flows.environments.tool import ToolCall, ToolSpec
from flows.rollout.protocol import Completion

STATUS_FAILURES = {"ok": None, "unknown_tool": "unknown_tool"}
"""Parse failure per status that a renderer gives a call; every other status is `invalid_json`."""


class ToolSet:
    """Tools in the form that renderers take, with compiled JSON schemas."""

    def __init__(self, tools: Sequence[ToolSpec]) -> None:
        self.tools = tools
        self.specs = template_specs(tools)
        self.schemas = {tool.name: tool.parameters for tool in tools}
        self._validators = {
            tool.name: Draft202012Validator(tool.parameters, pattern_options=RegexOptions(), offline=True)
            for tool in tools
        }

    def failure(self, parsed_calls: Sequence[Any]) -> str | None:
        """The parse failure of the first invalid call, or None when every call is valid."""
        return next((failure for failure in map(self._failure, parsed_calls) if failure), None)

    def _failure(self, call: Any) -> str | None:
        failure = STATUS_FAILURES.get(call.status, "invalid_json")
        if failure:
            return failure
        if call.name not in self._validators:
            return "unknown_tool"
        given = arguments(call)
        valid = isinstance(given, dict) and self._validators[call.name].is_valid(given)
        return None if valid else "invalid_arguments"


def template_specs(tools: Sequence[ToolSpec]) -> list[dict[str, Any]] | None:
    """Tools in the form that chat templates take; None if there are none."""
    functions = [{"name": tool.name, "description": tool.description, "parameters": tool.parameters} for tool in tools]
    return [{"type": "function", "function": function} for function in functions] or None


def tool_calls(parsed_calls: Sequence[Any], completion: Completion) -> tuple[ToolCall, ...]:
    """A renderer's calls as ToolCalls; a call without an id gets one that is unique in its message."""
    prefix = call_id(completion)
    return tuple(ToolCall(one.id or f"{prefix}{at}", one.name, arguments(one)) for at, one in enumerate(parsed_calls))


def arguments(call: Any) -> Any:
    """The arguments as plain JSON values, lone surrogates replaced by `?`; None when they are not JSON."""
    try:
        given = json.loads(call.arguments) if isinstance(call.arguments, str) else call.arguments
        if isinstance(given, dict) and all(map(_is_plain, given)) and all(map(_is_plain, given.values())):
            return dict(given)
        return json.loads(json.dumps(given, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))
    except (ValueError, TypeError, RecursionError):
        return None


def _is_plain(value: Any) -> bool:
    """True for a value that is the same after JSON: most arguments need no copy in depth."""
    return isinstance(value, int | None) or (isinstance(value, str) and value.isascii())


def call_id(completion: Completion) -> str:
    """An id derived from the sampled ids and logprobs alone, so that a second parse gives the same id."""
    sampled = array("i", completion.token_ids).tobytes() + array("f", completion.logprobs).tobytes()
    return f"call_{hashlib.sha256(sampled).hexdigest()[:9]}"
