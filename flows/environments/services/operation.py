"""The type of an operation: one thing that a service can do, with the tables that it reads and writes.

Composers search chains over these declarations, so they are checked by a test against what SQLite in fact touches.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flows.environments.tool import Arguments
from schemas.named_statements import load_statements
from schemas.prompt import prompt
from schemas.trajectory import Kind

if TYPE_CHECKING:
    from flows.environments.services.world import World

Row = dict[str, Any]
OFFICE = "flows.environments.services.office"


class Refusal(Exception):
    """The service refuses a call; nothing was written. The message is for the agent."""

    def __init__(self, message: str, kind: Kind = "blocked") -> None:
        super().__init__(message)
        self.kind: Kind = kind


@dataclass(frozen=True)
class Operation:
    """A tool of a service, under its canonical name."""

    name: str
    arguments: type[Arguments]
    run: Callable[["World", Any], Row]
    """Raises Refusal; any other exception is a fault."""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    """Names of conditions without which it refuses, such as `order_settled`."""
    establishes: tuple[str, ...] = ()
    """Names of conditions that hold after it."""
    names: tuple[str, ...] = ()
    """Other names under which a world may offer it."""

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments, in canonical names."""
        return self.arguments.json_schema()


@dataclass(frozen=True)
class Service:
    """A service: its tables and operations. Statements and descriptions lie beside its module."""

    name: str
    tables: tuple[str, ...]
    operations: tuple[Operation, ...]
    free_columns: tuple[str, ...] = ()
    """Columns that no goal compares: ids of new rows, times, and free text."""

    @property
    def script(self) -> str:
        """The script that creates its tables."""
        return statements(self.name)["create_tables"]


def statements(service: str) -> Mapping[str, str]:
    """The SQL statements of a service by name."""
    return load_statements(OFFICE, f"sql/{service}.sql")


def descriptions(service: str) -> dict[str, str]:
    """Operation -> its description for the model, from the sections of the service's prompt."""
    sections = prompt(service, OFFICE).text.split("## ")[1:]
    return {name.strip(): text.strip() for name, _, text in (one.partition("\n") for one in sections)}


def columns(row: Row, names: Sequence[str]) -> Row:
    """The named columns of a row."""
    return {name: row[name] for name in names}
