"""The types of tools: what the model sees of one, a call of it, and its answer.

Environments offer tools and answer calls of them; dialects and teachers render both.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property

from jsonschema_rs import RegexOptions, Validator, validator_for
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.trajectory import Kind


class Arguments(BaseModel):
    """Arguments of a tool. A subclass has one field per argument; unknown arguments are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def json_schema(cls) -> dict[str, object]:
        """The JSON schema that the model sees: types, bounds and descriptions, no titles."""
        full = cls.model_json_schema()
        properties = {
            name: {key: value for key, value in one.items() if key != "title"}
            for name, one in full.get("properties", {}).items()
        }
        required = full.get("required", [])
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


@dataclass(frozen=True)
class ToolCall:
    """A tool call that the agent made; `arguments` are not validated yet."""

    id: str
    name: str
    arguments: dict[str, object]


@dataclass(frozen=True)
class ToolSpec:
    """A tool as the model sees it; `parameters` is the JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, object]


CONTENT_KINDS = frozenset({"ok", "truncated"})
"""Kinds of an observation in which the model read content that the tool found."""


@dataclass(frozen=True)
class Answer:
    """The result of a tool before it is redacted and cut: text for the model, and the url of the page it is from."""

    text: str
    kind: Kind = "ok"
    url: str | None = None
    queued_s: float = 0.0
    """Seconds of the call that it waited for a core of the sandbox."""
    cpu_s: float = 0.0
    """Processor seconds of its sandboxed command."""


@dataclass(frozen=True)
class Tool:
    """A tool that an environment offers."""

    name: str
    description: str
    arguments: type[Arguments] | Mapping[str, object]
    """Arguments of its calls, as a model or, for a tool of another server, as the JSON schema of an object."""
    _: KW_ONLY
    read_only: bool = False
    """True if it changes no state: it may run concurrently with the calls of its turn, and again after a fault."""
    volatile: bool = False
    """True if an equal call may give another answer although nothing was written: a rebuilt world does not compare."""
    cpu_bound: bool = False
    """True if it should run in a worker process rather than in a thread; for environments without state."""
    sandboxed: bool = False
    """True if it runs a command in the sandbox, which has time limits of its own: it waits until a core is free."""

    @cached_property
    def spec(self) -> ToolSpec:
        """The tool as the model sees it."""
        given = self.arguments
        schema = given.json_schema() if isinstance(given, type) else dict(given)
        return ToolSpec(self.name, self.description, schema)

    def invalid(self, arguments: Mapping[str, object]) -> str | None:
        """The error in a call's arguments, for the model; None if they are valid."""
        if not isinstance(self.arguments, type):
            errors = self._validator.iter_errors(arguments)
            return "; ".join(f"{'.'.join(map(str, one.instance_path))}: {one.message}" for one in errors) or None
        try:
            self.arguments.model_validate(arguments)
        except ValidationError as error:
            return "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        return None

    @cached_property
    def _validator(self) -> Validator:
        return validator_for(self.spec.parameters, pattern_options=RegexOptions(), offline=True)
