"""Tool calls of an attempt at a task of one domain, as the pool makes them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flows.environments.environment import EnvironmentKind
from flows.environments.functions import FunctionTool, function_environment
from flows.environments.resources import Resources
from flows.environments.tool import ToolCall
from flows.rollout.tools.executor import Executor
from flows.rollout.tools.observation import Observation
from flows.rollout.tools.recorded import Recorded
from flows.rollout.tools.toolbox import Toolbox, World
from flows.rollout.tools.workers import Workers
from flows.settings import Rollout
from schemas.task import Task


async def open_world(
    box: Toolbox, domain: str, tools: Sequence[str], *, setup: str = "{}", recorded: Recorded | None = None
) -> World:
    """The open world of an attempt at a task with this setup."""
    blank: dict[str, Any] = dict.fromkeys(Task.model_fields)
    task = Task.model_construct(**blank | {"domain": domain, "tools": list(tools), "setup": setup})
    world = box.world(task, "attempt")
    await world.open(recorded or Recorded())
    return world


async def call_all(box: Toolbox, domain: str, calls: Sequence[ToolCall], tools: Sequence[str]) -> list[Observation]:
    """The observations of the calls of one turn in a fresh world."""
    world = await open_world(box, domain, tools)
    return (await world.call_all(calls)).observations


def functions(*tools: FunctionTool) -> EnvironmentKind:
    """A kind of environments without state that offers these tools."""
    return function_environment("functions", "1", tools)


def toolbox(
    kinds: dict[str, EnvironmentKind], limits: Rollout, folder: Path = Path("unused"), workers: Workers | None = None
) -> Toolbox:
    """A toolbox of these domains, without a library."""
    return Toolbox(kinds, Resources(), Executor(limits, workers), folder)
