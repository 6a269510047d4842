"""Validates tool calls: names and arguments that the agent got wrong become an error message for the model."""

from collections.abc import Mapping

from flows.environments.tool import Tool, ToolCall


def argument_error(call: ToolCall, tools: Mapping[str, Tool]) -> str | None:
    """The error message for the model if the call names none of the tools or its arguments are invalid, else None."""
    if call.name not in tools:
        return f"There is no tool {call.name!r}. The tools are: {', '.join(sorted(tools))}."
    details = tools[call.name].invalid(call.arguments)
    return f"These arguments do not fit {call.name}: {details}." if details else None
