"""The package of a taskset: its name, the packages that it needs, and its files, which are stored with each task."""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from flows.domains.contract import Refused
from flows.domains.task_folders.harbor.folder import Content, files_below, files_digest

VERIFIERS = "verifiers"
MAX_BYTES = 1 << 20
"""Bytes of a package, since its files are stored with each of its tasks."""
LEFT_OUT = frozenset({".git", ".venv", "__pycache__", "outputs", "tests"})


@dataclass(frozen=True)
class Package:
    """A taskset that is installed nowhere: its folder is put on Python's path."""

    path: Path
    name: str
    requirements: list[str]
    files: dict[str, Content]

    @property
    def digest(self) -> str:
        """Hash of the files and their paths."""
        return files_digest(self.files)


def read_package(folder: Path) -> Package:
    """The package in a folder.

    Raises Refused: `no_pyproject`, `package_invalid`, `folder_has_links`, `folder_too_large`.
    """
    try:
        given: dict[str, Any] = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        name = str(given["name"]).replace("-", "_").lower()
        requirements = [Requirement(one) for one in given.get("dependencies", [])]
    except (OSError, KeyError, ValueError, TypeError, AttributeError, InvalidRequirement) as error:
        raise Refused("no_pyproject" if isinstance(error, OSError) else "package_invalid") from error
    if not name.isidentifier() or any(one.url for one in requirements):
        raise Refused("package_invalid")
    named = [str(one) for one in requirements]
    if not any(one.name.lower() == VERIFIERS for one in requirements):
        named.append(VERIFIERS)
    return Package(folder, name, named, dict(files_below(folder, MAX_BYTES, LEFT_OUT)))
