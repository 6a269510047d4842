"""The world of a task folder: a workspace that the agent also sees at the working directory of the folder's image."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from flows.environments.environment import SANDBOX, EnvironmentKind
from flows.environments.resources import Resources
from flows.environments.sandbox import Command, Mount, Packages
from flows.environments.tool import Answer, Tool, ToolCall
from flows.environments.workspace import Workspace
from flows.environments.workspace.paths import ROOT
from flows.environments.workspace.tools import chosen

Needed = Mapping[str, Sequence[str]]
"""Packages of `python` and `debian`."""
TOOLS = ("bash", "read", "edit", "write", "submit")


def image_name(packages: Needed) -> str:
    """The name of the image of these packages, by their hash."""
    return f"folder-{hashlib.sha256(json.dumps(packages, sort_keys=True).encode()).hexdigest()[:16]}"


def with_image(resources: Resources, packages: Needed) -> Resources:
    """The same resources with the image of these packages."""
    image = Packages(image_name(packages), packages["python"], packages["debian"])
    return replace(resources, images=(*resources.images, image))


class FolderWorld(Workspace):
    """The files of one attempt, at /workspace and at the folder's own working directory."""

    def __init__(self, setup: str, resources: Resources, folder: Path) -> None:
        given = json.loads(setup)
        self.workdir: str = given["workdir"]
        self._variables: Mapping[str, str] = given["variables"]
        named = json.dumps({**given, "image": image_name(given["packages"])}, ensure_ascii=False)
        super().__init__(named, with_image(resources, given["packages"]), folder)

    def act(self, call: ToolCall) -> Answer:
        """Make a call; a path below the working directory is one of the workspace."""
        path = call.arguments.get("path")
        if isinstance(path, str) and (path == self.workdir or path.startswith(f"{self.workdir}/")):
            inside = ROOT + path.removeprefix(self.workdir)
            call = ToolCall(call.id, call.name, {**call.arguments, "path": inside})
        return super().act(call)

    def command(self, argv: Sequence[str], stdin: bytes = b"") -> Command:
        """The same command in the working directory, with the variables of the image."""
        there = ("bash", "-c", 'cd "$1" && shift && exec "$@"', "bash", self.workdir, *argv)
        seen = Mount(self.root, self.workdir, writable=True)
        return replace(super().command(there, stdin), mounts=(seen,), environment=self._variables)


def _tools(setup: str, dialect: str) -> tuple[Tool, ...]:
    return chosen(tuple(json.loads(setup).get("tools", TOOLS)))


FOLDER = EnvironmentKind("task_folder", "1", _tools, FolderWorld, needs=(SANDBOX,))
