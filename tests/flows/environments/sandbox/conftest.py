"""Fixtures of the sandbox's tests: the image of Python, built once on a machine, and a fresh workspace."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.environments.resources import Resources
from flows.environments.sandbox import Command, Completed, Limits, Sandbox, unavailable

Run = Callable[..., Completed]


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    """A sandbox of this machine; FACTORY_REQUIRE_SANDBOX=1 makes a machine without one a failure."""
    if (reason := unavailable()) and not os.environ.get("FACTORY_REQUIRE_SANDBOX"):
        pytest.skip(reason)
    return Resources().sandbox("python")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "attempt" / "workspace"
    folder.mkdir(parents=True)
    folder.parent.chmod(0o700)
    return folder


@pytest.fixture
def run(sandbox: Sandbox, workspace: Path) -> Run:
    """Runs words in the sandbox, with limits by name."""

    def ran(*words: str, stdin: bytes = b"", **limits: float) -> Completed:
        bounds = Limits(**limits)  # type: ignore[arg-type]
        return sandbox.run(Command(words, workspace, stdin=stdin, limits=bounds))

    return ran
