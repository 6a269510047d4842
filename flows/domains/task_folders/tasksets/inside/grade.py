"""Runs the reward functions of a verifiers task on one reply. Runs in a sandbox whose image has the package verifiers.

The classes are those of verifiers 0.4: a task is scored as `verifiers replay` scores a stored trace, with a runtime of
local processes in the working directory.
"""

import sys
from pathlib import Path
from typing import Any

from verifiers.v1.configs.agent import WireAgentConfig
from verifiers.v1.graph import MessageNode
from verifiers.v1.runtimes.subprocess import SubprocessConfig, SubprocessRuntime
from verifiers.v1.state import state_cls
from verifiers.v1.trace import AgentInfo, Trace, TraceTask
from verifiers.v1.types import AssistantMessage, SystemMessage, UserMessage
from verifiers.v1.utils.loaders import taskset_class, taskset_config_type


def open_taskset(folder: str, name: str) -> Any:
    """The taskset that the package of that name in a folder exports, with the defaults of its configuration."""
    sys.path[:0] = [folder, f"{folder}/src", f"{folder}/environments"]
    return taskset_class(name)(taskset_config_type(name)(id=name))


def runtime_in(folder: str | Path) -> Any:
    """A runtime whose commands run in a folder."""
    runtime = SubprocessRuntime(SubprocessConfig())
    runtime.workdir = Path(folder)
    return runtime


def trace_of(task: Any, reply: str | None) -> Any:
    """The trace of an attempt that gave this reply at once; None: of one that has not begun."""
    about = TraceTask(type=type(task).__name__, data=task.data, key=task.key, hash=task.hash)
    trace = Trace(task=about, agent=AgentInfo(config=WireAgentConfig()), state=state_cls(type(task))())
    messages = [SystemMessage(content=task.data.system_prompt)] if task.data.system_prompt else []
    given = task.data.prompt
    messages += [UserMessage(content=given)] if isinstance(given, str) else list(given or [])
    if reply is not None:
        messages.append(AssistantMessage(content=reply))
    for place, message in enumerate(messages):
        sampled = reply is not None and place == len(messages) - 1
        trace.nodes.append(MessageNode(parent=place - 1 if place else None, message=message, sampled=sampled))
    trace.is_completed = trace.ok = reply is not None
    return trace


async def rewards(task: Any, reply: str, folder: str | Path) -> dict[str, float]:
    """Reward name -> its value times its weight, for a reply and the files of a folder."""
    trace, runtime = trace_of(task, reply), runtime_in(folder)
    await task.finalize(trace, runtime)
    await task.score(trace, runtime)
    return {name: one.value for name, one in trace.rewards.items() if one is not None}
