"""The setup of a task for a server of tools: its name, and the tools that it offered when the task was made.

A task carries the schemas themselves. So its prompt and its verdicts need no server, and a server whose tools changed
since is noticed when the world of an attempt opens.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from jsonschema_rs import ReferencingError, ValidationError, validator_for

from flows.environments.notes import NAMES as NOTE_NAMES
from flows.environments.tool import Tool

if TYPE_CHECKING:
    from flows.settings.environments import McpServer

UNUSABLE = re.compile(r"[^A-Za-z0-9_-]")
MAX_NAME = 64
"""Characters of a tool's name that all chat templates and servers accept."""


@dataclass(frozen=True)
class Listed:
    """A tool as its server lists it."""

    name: str
    description: str
    schema: dict[str, object]
    """JSON schema of its arguments."""
    says_read_only: bool
    output_schema: dict[str, object] | None = None


@dataclass(frozen=True)
class Offered:
    """A tool that the agent may use."""

    name: str
    """As the model sees it."""
    server_name: str
    """As its server lists it."""
    description: str
    schema: dict[str, object]
    read_only: bool
    volatile: bool
    """True on a server that is not restorable."""


@dataclass(frozen=True)
class Setup:
    """The setup of a task."""

    server: str
    tools: tuple[Offered, ...]
    tools_sha256: str

    def as_json(self) -> str:
        """The setup as a task holds it."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True)
class Offer:
    """The tools of a server that an agent may use, and the others with the reason against each."""

    setup: Setup
    left_out: tuple[tuple[str, str], ...]


def offer(server: "McpServer", listed: Iterable[Listed]) -> Offer:
    """The offer of a server with these tools; it depends on their order only where two names become one."""
    tools: list[Offered] = []
    left_out: list[tuple[str, str]] = []
    for one in listed:
        if reason := _obstacle(server, one):
            left_out.append((one.name, reason))
            continue
        name = usable_name(one.name, {tool.name for tool in tools} | NOTE_NAMES)
        read_only, volatile = _read_only(server, one), not server.restorable
        tools.append(Offered(name, one.name, one.description, one.schema, read_only, volatile))
    return Offer(Setup(server.name, tuple(tools), _hash(tools)), tuple(left_out))


def read_setup(setup: str) -> Setup:
    """The setup of a task; without tools for `{}`. Raises ValueError if it is of another kind."""
    values = json.loads(setup)
    if not values:
        return Setup("", (), _hash(()))
    try:
        tools = tuple(Offered(**one) for one in values["tools"])
        return Setup(values["server"], tools, values["tools_sha256"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"this setup describes no server of tools: {error}") from error


def usable_name(name: str, taken: Collection[str]) -> str:
    """A name that models can write and that is not taken; equal to the given one where that will do."""
    plain = UNUSABLE.sub("_", name)
    if len(plain) <= MAX_NAME and plain and plain not in taken:
        return plain
    mark = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain[: MAX_NAME - 9]}_{mark}"


def _obstacle(server: "McpServer", tool: Listed) -> str | None:
    if not server.restorable and not _read_only(server, tool):
        return "it may write, and the server is not restorable"
    if tool.schema.get("type") != "object":
        return "its arguments are no object"
    for schema in (tool.schema, tool.output_schema or {}):
        try:
            validator_for(schema, offline=True)
        except (ValidationError, ReferencingError, ValueError) as error:
            return f"its schema is invalid: {str(error).splitlines()[0]}"
    return None


def _read_only(server: "McpServer", tool: Listed) -> bool:
    return tool.says_read_only if server.read_only == "declared" else tool.name in server.read_only


def _hash(tools: Sequence[Offered]) -> str:
    described = sorted((asdict(one) for one in tools), key=lambda one: str(one["server_name"]))
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def as_tools(setup: Setup) -> tuple[Tool, ...]:
    """The tools as environments offer them."""
    return tuple(
        Tool(one.name, one.description, one.schema, read_only=one.read_only, volatile=one.volatile)
        for one in setup.tools
    )
