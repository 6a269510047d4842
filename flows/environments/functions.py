"""Environments without state: tools that are functions over the read-only resources of a rollout.

Such a world has nothing to restore, so its calls may run in any worker process. The library of pages is one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flows.environments.environment import Checkpoint, EnvironmentKind, FinalState
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Tool, ToolCall

NO_STATE = Checkpoint("")


@dataclass(frozen=True)
class FunctionTool(Tool):
    """A tool that is a function from its arguments, as a model, and the resources to an answer."""

    use: Callable[[Any, Resources], Answer]
    """Blocks until it is done; an exception is a fault of the tool."""


class Functions:
    """An environment of function tools."""

    def __init__(self, tools: Sequence[FunctionTool], resources: Resources) -> None:
        self._tools, self._resources = {tool.name: tool for tool in tools}, resources

    def tools(self) -> tuple[Tool, ...]:
        """All tools."""
        return tuple(self._tools.values())

    def act(self, call: ToolCall) -> Answer:
        """Call the function of that name."""
        tool = self._tools[call.name]
        arguments = tool.arguments
        given = arguments.model_validate(call.arguments) if isinstance(arguments, type) else call.arguments
        return tool.use(given, self._resources)

    def checkpoint(self) -> Checkpoint:
        """There is no state."""
        return NO_STATE

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """There is nothing to restore, so no call is made again."""
        return []

    def finish(self, answer: str | None) -> FinalState:
        """There is no state."""
        return FinalState("")

    def close(self) -> None:
        """There is nothing to release."""


def function_environment(
    name: str,
    version: str,
    tools: Sequence[FunctionTool],
    text_tools: Sequence[FunctionTool] = (),
    *,
    needs: tuple[str, ...] = (),
) -> EnvironmentKind:
    """The kind of environments with these tools; small models of the text dialect get `text_tools` instead."""

    def offered(setup: str, dialect: str) -> tuple[FunctionTool, ...]:
        return tuple(text_tools if dialect == "text" else tools)

    def opened(setup: str, resources: Resources, folder: Path) -> Functions:
        return Functions(offered(setup, resources.dialect), resources)

    return EnvironmentKind(name, version, offered, opened, has_state=False, needs=needs)
