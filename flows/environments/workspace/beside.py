"""Adds the tool `python` to any environment: a workspace of the attempt's own, which starts empty, beside its world.

No state but files is kept. They are part of the checkpoint, and the attempt's artifacts.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flows.environments.environment import SANDBOX, Checkpoint, Environment, EnvironmentKind, FinalState
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Tool, ToolCall
from flows.environments.workspace.environment import WORKSPACE, Workspace
from flows.environments.workspace.tools import TOOLS

if TYPE_CHECKING:
    from schemas.task import Hidden

PYTHON = TOOLS["python"]
UNSEEN = Answer("")
"""In place of the answer of a program that is not run again: its files are restored."""


class WithPython:
    """An environment with the tool `python` beside its own."""

    def __init__(self, inner: Environment, files: Workspace) -> None:
        self.inner, self._files = inner, files

    def tools(self) -> tuple[Tool, ...]:
        """The tools of the environment, then `python`."""
        return (*self.inner.tools(), PYTHON)

    def act(self, call: ToolCall) -> Answer:
        """Run the program, or make the call in the environment."""
        return self._files.act(call) if call.name == PYTHON.name else self.inner.act(call)

    def checkpoint(self) -> Checkpoint:
        """Both states, under one digest."""
        both = (self.inner.checkpoint(), self._files.checkpoint())
        return Checkpoint(_joined(*(one.digest for one in both)), json.dumps([asdict(one) for one in both]))

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """Restore the files, and the environment in its own way; programs are not run again."""
        inner, files = (Checkpoint(**one) for one in json.loads(checkpoint.snapshot or "[{}, {}]"))
        self._files.restore(files, [])
        own = [call for call in calls if call.name != PYTHON.name]
        made = self.inner.restore(inner, own)
        answers = iter(made)
        aligned = [UNSEEN if call.name == PYTHON.name else next(answers, UNSEEN) for call in calls]
        return aligned if len(made) == len(own) else []

    def finish(self, answer: str | None) -> FinalState:
        """The environment's final state, with the files as further artifacts."""
        final, files = self.inner.finish(answer), self._files.finish(answer)
        return replace(
            final,
            digest=_joined(final.digest, files.digest),
            artifacts=(*final.artifacts, *files.artifacts),
            limits=(*final.limits, *files.limits),
        )

    def close(self) -> None:
        """Close the environment, and remove the files."""
        self.inner.close()
        self._files.close()


def with_python(kind: EnvironmentKind, image: str = "python") -> EnvironmentKind:
    """The same environments with the tool `python` in the sandbox's image; every task of them may use it.

    An environment that has a tool of this name stays as it is.
    """
    files = json.dumps({"image": image, "tools": [PYTHON.name]})

    def tools(setup: str, dialect: str) -> tuple[Tool, ...]:
        own = kind.tools(setup, dialect)
        return own if _has_python(own) else (*own, PYTHON)

    def opened(setup: str, resources: Resources, folder: Path) -> Environment:
        inner = kind.open(setup, resources, folder)
        if _has_python(inner.tools()):
            return inner
        return WithPython(inner, Workspace(files, resources, folder / PYTHON.name))

    def examine(world: Environment, hidden: "Hidden", resources: Resources, folder: Path) -> Mapping[str, object]:
        inner = world.inner if isinstance(world, WithPython) else world
        return kind.examine(inner, hidden, resources, folder) if kind.examine else {}

    return replace(
        kind,
        name=f"{kind.name}+{PYTHON.name}",
        version=f"{kind.version}+{WORKSPACE.version}+{image}",
        tools=tools,
        open=opened,
        has_state=True,
        needs=tuple(dict.fromkeys((*kind.needs, SANDBOX))),
        always=(*kind.always, PYTHON.name),
        examine=examine if kind.examine else None,
    )


def _has_python(tools: Sequence[Tool]) -> bool:
    return any(tool.name == PYTHON.name for tool in tools)


def _joined(*digests: str) -> str:
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()
