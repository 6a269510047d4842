"""The setup of a workspace, as a task's JSON describes it: image, source tree, files over it, tools and limits.

Tools may show a setup, so it holds no hidden truth. Keys that a domain adds for itself are left alone.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from flows.environments.sandbox import Limits

NO_TREE: Mapping[str, object] = {"kind": "none"}


class SetupError(Exception):
    """A setup describes no workspace; the message names the key and its fault."""


def _inside(path: str) -> str:
    parts = path.split("/")
    if not path or "\0" in path or {"", ".", ".."} & set(parts):
        raise ValueError(f"{path!r} is no path below the workspace: write names separated by single slashes")
    return path


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"no base64: {error}") from error
    return text


class Described(BaseModel):
    """A file by its text or its bytes, and its permission to run."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str | None = None
    base64: Annotated[str, AfterValidator(_base64)] | None = None
    executable: bool | None = None
    """None keeps the permission bits of the file in the tree that it replaces."""

    @model_validator(mode="after")
    def _one_content(self) -> "Described":
        if (self.text is None) == (self.base64 is None):
            raise ValueError("a file has either text or base64")
        return self


class ChangedLimits(BaseModel):
    """Limits of one command that differ from the sandbox's own; units as in `Limits`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    wall_s: float | None = Field(default=None, gt=0)
    cpu_s: float | None = Field(default=None, gt=0)
    memory_mb: int | None = Field(default=None, gt=0)
    processes: int | None = Field(default=None, gt=0)
    file_mb: int | None = Field(default=None, gt=0)
    disk_mb: int | None = Field(default=None, gt=0)
    output_mb: int | None = Field(default=None, gt=0)


class WorkspaceSetup(BaseModel):
    """Everything from which a workspace is built."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    image: str = "python"
    tree: Mapping[str, object] = NO_TREE
    files: Mapping[Annotated[str, AfterValidator(_inside)], str | Described | None] = {}
    """Path -> text, description, or None for a file or folder of the tree that is left out."""
    limits: ChangedLimits = ChangedLimits()
    tools: tuple[str, ...] = ("bash", "read", "edit", "write", "submit")
    tests: tuple[str, ...] = ()
    """Program and arguments of the tool `run_tests`."""

    def command_limits(self) -> Limits:
        """The limits of each command."""
        return replace(Limits(), **self.limits.model_dump(exclude_none=True))


def read_setup(setup: str) -> WorkspaceSetup:
    """The setup of a task. Raises SetupError."""
    try:
        return WorkspaceSetup.model_validate_json(setup)
    except ValidationError as error:
        first = error.errors()[0]
        raise SetupError(f"setup, {'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def content_of(file: str | Described) -> bytes:
    """The bytes of a file of the setup."""
    text = file if isinstance(file, str) else file.text
    if text is not None:
        return text.encode("utf-8", "surrogatepass")
    return base64.b64decode(file.base64 or "") if isinstance(file, Described) else b""


def mode_of(file: str | Described, before: int) -> int:
    """Its permission bits, where `before` are those of the file that it replaces."""
    if isinstance(file, str) or file.executable is None:
        return before
    return 0o755 if file.executable else 0o644


def parents(path: str) -> list[str]:
    """The folders above a path of the setup, the outermost first."""
    return [str(one) for one in reversed(PurePosixPath(path).parents) if str(one) != "."]
