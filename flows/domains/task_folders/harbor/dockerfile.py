"""Reads a Dockerfile as a recipe that a sandbox can follow: packages, files, a working directory and build commands.

An image of packages stands in for the base image, so only plain systems and Pythons are taken; everything beyond is
refused by name. The parsing of instructions and variables is the library dockerfile-parse.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import PurePosixPath
from types import MappingProxyType

from dockerfile_parse import DockerfileParser
from dockerfile_parse.util import WordSplitter

from flows.domains.contract import Refused
from flows.domains.task_folders.harbor.shell import read_lines

PLAIN = re.compile(r"(?:docker\.io/)?(?:library/)?(?:ubuntu|debian|python)(?::[\w.-]+)?(?:@sha256:\w+)?"
                   r"|ghcr\.io/laude-institute/t-bench/(?:ubuntu|python)-[\w.-]+(?:@sha256:\w+)?|"
                   r"mcr\.microsoft\.com/devcontainers/(?:base|python):[\w.-]+")  # fmt: skip
"""Base images that hold nothing but a system or a Python."""
DEFAULT_WORKDIRS = MappingProxyType({"ghcr.io/laude-institute/t-bench/": "/app"})
"""Working directories that base images set."""
WITHOUT_EFFECT = frozenset({"COMMENT", "LABEL", "EXPOSE", "CMD", "USER", "STOPSIGNAL", "MAINTAINER"})


@dataclass(frozen=True)
class Copied:
    """Files of the build context that go to `target`: a folder if it ends with a slash, or if there are several."""

    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True)
class Ran:
    """A shell command that builds something in `folder`."""

    command: str
    folder: str


@dataclass
class Recipe:
    """The result of a Dockerfile: packages, and steps in their order."""

    workdir: str = "/"
    python: list[str] = field(default_factory=list)
    debian: list[str] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    """Files of requirements, as the Dockerfile names them in the image."""
    variables: dict[str, str] = field(default_factory=dict)
    steps: list[Copied | Ran] = field(default_factory=list)


class _Reader:
    """The state while the instructions of a Dockerfile are read in their order."""

    def __init__(self) -> None:
        self.recipe = Recipe()
        self._arguments: dict[str, str] = {}
        self._stages = 0
        self._take: Mapping[str, Callable[[str], None]] = {
            "FROM": self._from, "ARG": self._arg, "ENV": self._env, "WORKDIR": self._workdir, "RUN": self._run,
            "COPY": self._copy, "ADD": self._add, "SHELL": self._shell,
        }  # fmt: skip

    def read(self, instruction: str, value: str) -> None:
        if instruction in WITHOUT_EFFECT:
            return
        if instruction not in self._take:
            raise Refused(f"dockerfile_{instruction.lower()}" if instruction.isalpha() else "dockerfile_invalid")
        if "<<" in value.split("'", maxsplit=1)[0].split('"', maxsplit=1)[0]:
            raise Refused("dockerfile_heredoc")
        self._take[instruction](value)

    def _words(self, value: str) -> list[str]:
        split = WordSplitter(value, args=self._arguments, envs=self.recipe.variables).split()
        return [word for word in split if word is not None]

    def _from(self, value: str) -> None:
        self._stages += 1
        image = next(word for word in self._words(value) if not word.startswith("--"))
        if self._stages > 1:
            raise Refused("several_stages")
        if not PLAIN.fullmatch(image):
            raise Refused("base_image")
        self.recipe.workdir = next((one for start, one in DEFAULT_WORKDIRS.items() if image.startswith(start)), "/")

    def _arg(self, value: str) -> None:
        name, _, default = self._words(value)[0].partition("=")
        self._arguments[name] = default

    def _env(self, value: str) -> None:
        words = self._words(value)
        pairs = [word.partition("=") for word in words] if "=" in words[0] else [(words[0], "=", " ".join(words[1:]))]
        self.recipe.variables |= {name: text for name, _, text in pairs}

    def _workdir(self, value: str) -> None:
        self.recipe.workdir = str(PurePosixPath(self.recipe.workdir) / " ".join(self._words(value)))

    def _run(self, value: str) -> None:
        if value.lstrip().startswith("--"):
            raise Refused("dockerfile_mount")
        command = " ".join(json.loads(value)) if value.lstrip().startswith("[") else value
        found = read_lines(command)
        self.recipe.python += found.python
        self.recipe.debian += found.debian
        self.recipe.requirements += [str(PurePosixPath(self.recipe.workdir) / one) for one in found.requirements]
        self.recipe.steps += [Ran(one, self.recipe.workdir) for one in found.commands]

    def _copy(self, value: str) -> None:
        options, listed, rest = value.partition("[") if re.match(r"(?:\s*--\S+)*\s*\[", value) else ("", "", value)
        words = [*options.split(), *(json.loads(listed + rest) if listed else self._words(rest))]
        words = [word for word in words if not word.startswith(("--chown", "--chmod", "--link"))]
        if any(word.startswith("--") for word in words):
            raise Refused("several_stages")
        if len(words) < 2:
            raise Refused("dockerfile_invalid")
        *sources, target = words
        ending = "/" if target.endswith(("/", ".")) or len(sources) > 1 else ""
        self.recipe.steps.append(Copied(tuple(sources), str(PurePosixPath(self.recipe.workdir) / target) + ending))

    def _add(self, value: str) -> None:
        if "://" in value or value.split(maxsplit=1)[0].endswith((".tar", ".gz", ".tgz", ".bz2", ".xz")):
            raise Refused("needs_network" if "://" in value else "dockerfile_archive")
        self._copy(value)

    def _shell(self, value: str) -> None:
        if not re.search(r"\b(?:ba)?sh\b", value):
            raise Refused("dockerfile_shell")


def read_dockerfile(text: str) -> Recipe:
    """The recipe. Raises Refused with the name of the first thing that a sandbox cannot give."""
    reader = _Reader()
    try:
        parser = DockerfileParser(fileobj=BytesIO(text.encode()))  # type: ignore[arg-type]  # its stubs name text files
        for one in parser.structure:
            reader.read(one["instruction"], one["value"])
    except (ValueError, IndexError, StopIteration) as error:
        raise Refused("dockerfile_invalid") from error
    if reader.recipe.workdir == "/":
        raise Refused("no_workdir")
    return reader.recipe
