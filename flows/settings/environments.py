"""Settings of the environments: the simulated user, the dense index, servers of tools as worlds, the sandbox for code.

Variables and headers of a server are secrets. They are shown nowhere, and a text that holds one is masked.
"""

import re
from typing import Annotated, Literal, Self

from packaging.requirements import InvalidRequirement, Requirement
from pydantic import Field, SecretStr, field_validator, model_validator

from flows.settings.address import HttpUrl, LocalPath
from flows.settings.section import Section
from flows.settings.teacher import Teacher
from flows.settings.types import Positive

NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
DEBIAN = re.compile(r"[a-z0-9][a-z0-9+.-]+(:[a-z0-9]+)?(=[A-Za-z0-9.+~:-]+)?")
Seconds = Annotated[float, Field(gt=0, le=3600)]


class McpServer(Section):
    """One server: a command that speaks over its standard input and output, or the address of a running server."""

    name: str = Field(description="name of the server, which tasks refer to")
    command: str | None = Field(default=None, description="program that starts the server; not set: it runs at `url`")
    args: list[str] = Field(default=[], description="arguments of the program")
    env: dict[str, SecretStr] = Field(
        default={}, description="environment variables of the program, beside PATH, HOME and the like"
    )
    cwd: LocalPath | None = Field(default=None, description="working directory of the program")
    url: HttpUrl | None = Field(default=None, description="address of a server that runs already (streamable HTTP)")
    headers: dict[str, SecretStr] = Field(default={}, description="headers of its requests, such as Authorization")
    read_only: Literal["declared"] | list[str] = Field(
        default="declared",
        description="tools that change nothing: a list of names, or declared: those with readOnlyHint",
    )
    restorable: Literal[False, "replay"] = Field(
        default=False,
        description="replay: each start is the same state, and equal calls give equal answers, so that an attempt has "
        "a server of its own and may use all tools; false: only tools that change nothing, on shared servers",
    )
    pool: Positive = Field(default=1, description="connections that the attempts share, if it is not restorable")
    max_restarts: int = Field(
        default=5, ge=0, description="times that a shared connection is opened again with no call done in between"
    )
    start_timeout_s: Seconds = Field(default=30.0, description="seconds until it must have listed its tools")
    timeout_s: Seconds = Field(default=60.0, description="seconds that a call may take, within rollout.tool_timeout_s")
    max_result_chars: Positive = Field(default=1_000_000, description="characters of a result that are read")
    tasks: LocalPath | None = Field(
        default=None, description="JSON lines of tasks for it: instruction, answer, and optionally tools, max_turns"
    )

    @field_validator("name")
    @classmethod
    def _valid_name(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("write a small letter, then at most 31 small letters, digits, - or _")
        return name

    @model_validator(mode="after")
    def _one_transport(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError(f"the server {self.name} needs either a command or a url")
        return self

    def secrets(self) -> tuple[str, ...]:
        """The values that no text may show; of a header such as `Bearer TOKEN` also TOKEN alone."""
        values = [one.get_secret_value() for one in (*self.env.values(), *self.headers.values())]
        credentials = [one.get_secret_value().partition(" ")[2] for one in self.headers.values()]
        return tuple(dict.fromkeys([*values, *credentials]))


class User(Section):
    """The simulated user, who answers an agent's questions about facts that no record holds."""

    played_by: Literal["script", "model"] = Field(
        default="script",
        description="script: fixed replies; model: a model words them, which the verifier user_fidelity judges",
    )
    teacher: Teacher = Field(
        default=Teacher(), description="the user's own model, with the keys of [teacher]; empty: the teacher plays it"
    )

    @field_validator("teacher")
    @classmethod
    def _names_its_engine(cls, teacher: Teacher) -> Teacher:
        if teacher.model_fields_set and "engine" not in teacher.model_fields_set:
            raise ValueError("name its engine too, such as chat; nothing is taken over from [teacher]")
        return teacher


class DenseSearch(Section):
    """A dense index beside the full-text search of pages: tools then find passages by their meaning, too."""

    engine: Literal["none", "wordllama", "server"] = Field(
        default="none",
        description="none: words alone; wordllama: a model for English that horizon-factory[dense] ships; server: any "
        "server of /v1/embeddings",
    )
    url: HttpUrl | None = Field(default=None, description="address of the server up to /v1")
    model: str = Field(default="", description="name of the server's model; another name embeds all passages anew")
    key_variable: str = Field(default="", description="environment variable that holds the server's key")
    passage_prefix: str = Field(default="", description="what the model wants before each passage, such as passage:")
    query_prefix: str = Field(default="", description="what the model wants before each query, such as query:")
    timeout_s: Seconds = Field(default=60.0, description="seconds that a request to the server may take")
    batch: Positive = Field(default=64, description="passages in one request")
    parallel: Positive = Field(default=4, description="requests at once while a night embeds new passages")

    @model_validator(mode="after")
    def _served(self) -> Self:
        if (self.engine == "server") != (self.url is not None):
            raise ValueError('a dense index has a url and the engine "server", or neither')
        return self


class ImageSettings(Section):
    """The packages that a sandboxed command finds installed."""

    name: str = Field(description="name of the image, which tasks refer to")
    python: list[str] = Field(
        default=[], description="Python packages, such as numpy>=2, from the package index of pip; wheels only"
    )
    debian: list[str] = Field(
        default=[], description="Debian packages, such as nodejs, with all that they depend on; from apt's sources"
    )

    @field_validator("name")
    @classmethod
    def _valid_name(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise ValueError("write a small letter, then at most 31 small letters, digits, - or _")
        return name

    @field_validator("python")
    @classmethod
    def _valid_requirements(cls, packages: list[str]) -> list[str]:
        for one in packages:
            try:
                if Requirement(one).url:
                    raise ValueError(f"{one!r} is an address: write the name of a package of the index")
            except InvalidRequirement as error:
                raise ValueError(f"{one!r} is no requirement such as numpy>=2") from error
        return packages

    @field_validator("debian")
    @classmethod
    def _valid_debian(cls, packages: list[str]) -> list[str]:
        if odd := [one for one in packages if not DEBIAN.fullmatch(one)]:
            raise ValueError(f"{odd[0]!r} is no name of a Debian package")
        return packages


def check_distinct(names: list[str], kind: str) -> None:
    """Raises ValueError if two of a kind have one name."""
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"two {kind} are named {', '.join(twice)}: rename one of them")


class SandboxSettings(Section):
    """The sandbox in which code of a model runs."""

    cores: Positive | None = Field(
        default=None, description="sandboxed commands that run at once; not set: one per core of the machine"
    )
    images_path: LocalPath | None = Field(
        default=None, description="folder of built images; not set: horizon-factory/images in the user's cache"
    )
    images: list[ImageSettings] = Field(
        default=[], description="images beside bare, python, science and ml, a table [[sandbox.images]] for each"
    )

    @field_validator("images")
    @classmethod
    def _distinct(cls, images: list[ImageSettings]) -> list[ImageSettings]:
        check_distinct([one.name for one in images], "images")
        return images


class Repository(Section):
    """A local git repository whose tests pass, as a source of tasks."""

    name: str = Field(min_length=1, max_length=80, description="name of the library, as tasks call it")
    path: LocalPath = Field(description="folder of the repository or of a work tree")
    commit: str = Field(pattern="^[0-9a-f]{40}$", description="the commit to work on, by its whole id")
    license: str = Field(min_length=1, description="its licence as an SPDX expression, such as MIT")
    description: str = Field(default="a library", description="kind of library, in a few words of users")
    image: str = Field(default="python", description="image of the sandbox in which its tests pass")
    language: Literal["python", "javascript"] = Field(default="python", description="language of source and tests")
    tests: list[str] = Field(default=[], description="files and folders of its tests; empty: all that are found")
    ignore: list[str] = Field(default=[], description="tests to leave out")


class IssueSet(Section):
    """A set of issues in the form of SWE-bench, as a source of tasks."""

    file: LocalPath = Field(description="JSON lines: repo, base_commit, problem_statement, patch, test_patch and tests")
    clones: LocalPath = Field(description="folder of the repositories' local clones: owner__name, owner/name or name")
    image: str = Field(default="python", description="image of the sandbox in which their tests run")
    license: str = Field(min_length=1, description="licence of repositories whose row names none, such as MIT")


class Environments(Section):
    """Worlds of attempts: the simulated user, and servers of tools that other programs offer."""

    user: User = Field(default=User(), description="the simulated user of domains whose tasks have one")

    dense: DenseSearch = Field(
        default=DenseSearch(), description="the dense index of the library; without one, pages are found by words"
    )

    mcp: list[McpServer] = Field(
        default=[], description="servers of tools, a table [[environments.mcp]] for each; needs horizon-factory[mcp]"
    )

    packages: list[str] | None = Field(
        default=None, description="packages of the domain of code that tasks are made of, by name; not set: all listed"
    )
    repositories: list[Repository] = Field(
        default=[], description="local git repositories, a table [[environments.repositories]] for each"
    )

    issues: list[IssueSet] = Field(
        default=[], description="sets of issues with local clones, a table [[environments.issues]] for each"
    )

    @field_validator("mcp")
    @classmethod
    def _distinct(cls, servers: list[McpServer]) -> list[McpServer]:
        check_distinct([one.name for one in servers], "servers")
        return servers
