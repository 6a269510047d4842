"""Opens the worlds of a rollout's attempts: each with the tools that its task allows.

Environments without state are opened once per rollout and shared; those with state are opened for each attempt.
"""

import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Self

from flows.domains import Domain, domains
from flows.environments.environment import EnvironmentKind
from flows.environments.notes import with_notes
from flows.environments.resources import Resources
from flows.environments.tool import Tool, ToolSpec
from flows.environments.workspace import with_python
from flows.rollout.tools.executor import Executor
from flows.rollout.tools.stateful_world import StatefulWorld
from flows.rollout.tools.stateless_world import StatelessWorld
from flows.rollout.tools.worker_process import command
from flows.rollout.tools.workers import Workers
from flows.settings import Rollout
from schemas.task import Task

World = StatelessWorld | StatefulWorld


class Toolbox(AbstractContextManager["Toolbox"]):
    """The environments of all domains in one rollout; `folder` holds the files of worlds, one folder per attempt."""

    def __init__(
        self, kinds: Mapping[str, EnvironmentKind], resources: Resources, executor: Executor, folder: Path
    ) -> None:
        self.faults, self.limits, self.executor = executor.faults, executor.limits, executor
        self._kinds, self._resources, self._folder = kinds, resources, folder
        self._shared = {name: kind.open("{}", resources, folder) for name, kind in kinds.items() if not kind.has_state}

    def __enter__(self) -> Self:
        self.executor.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.executor.__exit__()

    def kind(self, domain: str) -> EnvironmentKind:
        """The kind of environment of a domain."""
        return self._kinds[domain]

    def specs(self, domain: str, names: Iterable[str], setup: str = "{}") -> tuple[ToolSpec, ...]:
        """The named tools of a task's world as the model sees them; names that it does not offer are left out."""
        return tuple(tool.spec for tool in self._tools(domain, setup, names).values())

    def world(self, task: Task, trajectory_id: str) -> World:
        """The world of an attempt, which has to be opened before its first call."""
        kind, tools = self._kinds[task.domain], self._tools(task.domain, task.setup, task.tools)
        if not kind.has_state:
            return StatelessWorld(self.executor, task.domain, self._shared[task.domain], tools)
        folder = self._folder / trajectory_id
        return StatefulWorld(self.executor, kind, task, self._resources, folder, tools)

    def _tools(self, domain: str, setup: str, names: Iterable[str]) -> dict[str, Tool]:
        kind = self._kinds[domain]
        tools = {tool.name: tool for tool in kind.tools(setup, self._resources.dialect)}
        return {name: tools[name] for name in (*names, *kind.always) if name in tools}


def offered_kind(domain: Domain, limits: Rollout, dialect: str) -> EnvironmentKind:
    """The kind of environment in which a domain's attempts work: with `python` and notes if the settings say so.

    Models that are small enough for the text dialect get neither.
    """
    kind = domain.environment
    if dialect == "text":
        return kind
    if image := limits.python.get(domain.name):
        kind = with_python(kind, image)
    return with_notes(kind) if limits.notes else kind


def open_toolbox(resources: Resources, limits: Rollout, folder: Path) -> Toolbox:
    """A toolbox for every domain. Raises as `Resources.library`, before a worker starts."""
    if resources.library_path:
        resources.library  # noqa: B018 - opens the index
    kinds = {name: offered_kind(one, limits, resources.dialect) for name, one in domains().items()}
    count = limits.tool_workers
    workers = Workers(command(resources, limits), count, limits.tool_timeout_s) if count else None
    return Toolbox(kinds, resources, Executor(limits, workers, resources.cores or os.cpu_count() or 1), folder)


def remove_abandoned(folder: Path, alive: Collection[str]) -> None:
    """Delete the files of worlds whose attempts are not among the unfinished ones."""
    for left in folder.glob("*"):
        if left.name not in alive:
            shutil.rmtree(left, ignore_errors=True)
