"""Messages of the factory to the agent: what was wrong with its last message, its budget, the request to answer."""

from collections.abc import Sequence

from flows.environments.tool import ToolSpec
from flows.rollout.protocol import Message
from flows.rollout.tools.observation import Observation
from schemas.prompt import prompt

EVICTED = prompt("evicted_result").text.strip()
"""The text in place of a tool result that an eviction removed."""
ToolMessage = tuple[Message, Observation | None]
"""A message of role tool, and its observation; None for an instruction of the factory."""


def instruction(name: str, **values: str) -> ToolMessage:
    """A prompt as a tool message: a user message would make chat templates strip the reasoning before it."""
    return Message("tool", prompt(name).text.strip().format(**values)), None


def format_error_text(parse: str, tools: Sequence[ToolSpec]) -> str:
    """The explanation of a parse failure for the model that wrote the message."""
    known = dict(line.split(": ", 1) for line in prompt("format_reasons").text.splitlines())
    return str(known.get(parse, parse)).format(tools=", ".join(sorted(tool.name for tool in tools)))
