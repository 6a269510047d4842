"""The package of a taskset: its name, the packages that it needs, and its files, which are stored with each task."""

import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from flows.domains.contract import Refused
from flows.domains.task_folders.harbor.folder import Content

VERIFIERS = "verifiers"
MAX_BYTES = 1 << 20
"""Bytes of a package, since its files are stored with each of its tasks."""
LEFT_OUT = {".git", ".venv", "__pycache__", "outputs", "tests"}


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
        content = sha256()
        for path, file in sorted(self.files.items()):
            content.update(f"{path}\0{len(file.data)}\0".encode() + file.data)
        return content.hexdigest()


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
    return Package(folder, name, named, _files(folder))


def _files(folder: Path) -> dict[str, Content]:
    found, n_bytes = {}, 0
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if LEFT_OUT.intersection(place.parts):
            continue
        if path.is_symlink():
            raise Refused("folder_has_links")
        if path.is_file():
            n_bytes += path.stat().st_size
            if n_bytes > MAX_BYTES:
                raise Refused("folder_too_large")
            found[place.as_posix()] = Content(path.read_bytes())
    return found
