"""Opens workspaces for tests, and makes calls in them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flows.environments.resources import Resources
from flows.environments.sandbox import unavailable
from flows.environments.tool import Answer, ToolCall
from flows.environments.workspace import WORKSPACE, Workspace

TOOLS = ["bash", "python", "read", "edit", "write", "run_tests", "submit"]


def require_sandbox() -> None:
    """Skip the test on a machine without a sandbox, unless FACTORY_REQUIRE_SANDBOX demands one."""
    if (reason := unavailable()) and not os.environ.get("FACTORY_REQUIRE_SANDBOX"):
        pytest.skip(reason)


def opened(folder: Path, files: Mapping[str, object] | None = None, **setup: object) -> Workspace:
    """A workspace with these files and all tools; `folder` is that of its attempt."""
    require_sandbox()
    described = {"files": files or {}, "tools": TOOLS} | setup
    world = WORKSPACE.open(json.dumps(described), Resources(sources_path=folder.parent / "sources"), folder)
    assert isinstance(world, Workspace)
    return world


def call(world: Workspace, name: str, **arguments: Any) -> Answer:
    """The answer of a valid call."""
    tool = {tool.name: tool for tool in world.tools()}[name]
    assert tool.invalid(arguments) is None
    return world.act(ToolCall("call", name, arguments))


def bash(world: Workspace, command: str) -> str:
    """The text that a command's answer shows."""
    return call(world, "bash", command=command).text
