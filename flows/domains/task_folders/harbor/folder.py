"""Reads a Harbor task folder whole: instruction, configuration, recipe, build context, tests and solution.

The layout is that of harbor.models.task.paths in the package harbor 0.26. A folder is data of strangers: links are
refused, sizes are bounded, and nothing in it runs here.
"""

import base64
import hashlib
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from flows.domains.contract import Refused
from flows.domains.task_folders.harbor.config import TaskConfig, read_config
from flows.domains.task_folders.harbor.dockerfile import Recipe, read_dockerfile

CONFIG = "task.toml"
INSTRUCTION = "instruction.md"
DOCKERFILE = "environment/Dockerfile"
COMPOSE_FILES = ("environment/docker-compose.yaml", "environment/docker-compose.yml")
TESTS, TEST_SCRIPT = "tests", "test.sh"
SOLUTION, SOLUTION_SCRIPT = "solution", "solve.sh"
MAX_BYTES = 4 << 20
"""Bytes of a folder, since its files are stored with the task."""
CANARY = re.compile(r"^\s*(?:<!--.*canary.*-->|#.*canary.*)\s*$", re.IGNORECASE)
"""A line by which benchmarks mark their files; it stands before the instruction and is not part of it."""


class Content(NamedTuple):
    """A file of a folder."""

    data: bytes
    executable: bool = False


Files = Mapping[str, Content]


@dataclass(frozen=True)
class TaskFolder:
    """The content of a task folder."""

    name: str
    instruction: str
    config: TaskConfig
    recipe: Recipe
    context: Files
    """Files of `environment/`, by their path in it."""
    tests: Files
    solution: Files
    """Empty if the folder has none."""
    sha256: str
    """Hash of all files and their paths, without permission bits."""

    @property
    def workdir(self) -> str:
        """The folder in which the agent works."""
        return self.config.environment.workdir or self.recipe.workdir


def is_task_folder(folder: Path) -> bool:
    """True if it has a configuration and an instruction."""
    return (folder / CONFIG).is_file() and (folder / INSTRUCTION).is_file()


def read_folder(folder: Path) -> TaskFolder:
    """The task of a folder. Raises Refused with the first reason for which it cannot become a task here."""
    files = dict(files_below(folder))
    config = read_config(_text(files, CONFIG))
    if any(name in files for name in COMPOSE_FILES):
        raise Refused("several_containers")
    if DOCKERFILE not in files:
        raise Refused("image_is_not_of_packages" if config.environment.docker_image else "no_dockerfile")
    tests = _below(files, TESTS)
    if TEST_SCRIPT not in tests:
        raise Refused("no_test_script")
    instruction = _without_canary(_text(files, INSTRUCTION))
    if not instruction:
        raise Refused("no_instruction")
    recipe = read_dockerfile(_text(files, DOCKERFILE))
    name = config.task.name or folder.name
    context = {path: data for path, data in _below(files, "environment").items() if path != "Dockerfile"}
    return TaskFolder(name, instruction, config, recipe, context, tests, _below(files, SOLUTION), files_digest(files))


def folder_digest(folder: Path) -> str:
    """Hash of all files and their paths. Raises Refused."""
    return files_digest(dict(files_below(folder)))


def as_json(file: Content) -> str | dict[str, Any]:
    """A file as JSON holds it: text; where it is no text or may be run, an object with `text` or `base64`."""
    marks = {"executable": True} if file.executable else {}
    try:
        text = file.data.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(file.data).decode("ascii"), **marks}
    return {"text": text, **marks} if marks else text


def from_json(stored: str | Mapping[str, Any]) -> Content:
    """A file from its JSON."""
    if isinstance(stored, str):
        return Content(stored.encode())
    data = stored["text"].encode() if "text" in stored else base64.b64decode(stored["base64"])
    return Content(data, bool(stored.get("executable")))


def is_executable(path: Path) -> bool:
    """True if the owner of a file may run it."""
    return bool(path.stat().st_mode & stat.S_IXUSR)


def files_below(
    folder: Path, max_bytes: int = MAX_BYTES, left_out: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Content]]:
    """Path -> content of the files below a folder, without files and folders of these names.

    Raises Refused: `folder_has_links`, `folder_too_large`.
    """
    n_bytes = 0
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder)
        if left_out.intersection(place.parts):
            continue
        if path.is_symlink():
            raise Refused("folder_has_links")
        if path.is_file():
            n_bytes += path.stat().st_size
            if n_bytes > max_bytes:
                raise Refused("folder_too_large")
            yield place.as_posix(), Content(path.read_bytes(), is_executable(path))


def _text(files: Files, name: str) -> str:
    try:
        return files[name].data.decode("utf-8-sig")
    except KeyError:
        raise Refused("folder_incomplete") from None
    except UnicodeDecodeError:
        raise Refused("folder_not_utf8") from None


def _below(files: Files, folder: str) -> dict[str, Content]:
    start = f"{folder}/"
    return {path.removeprefix(start): file for path, file in files.items() if path.startswith(start)}


def files_digest(files: Files) -> str:
    """Hash of all files and their paths, without permission bits."""
    content = hashlib.sha256()
    for path, file in sorted(files.items()):
        content.update(f"{path}\0{len(file.data)}\0".encode())
        content.update(file.data)
    return content.hexdigest()


def _without_canary(text: str) -> str:
    lines = text.split("\n")
    while lines and (CANARY.match(lines[0]) or not lines[0].strip()):
        lines = lines[1:]
    return "\n".join(lines).strip()
