"""All services and operations, and the tools that a setup offers of them, in the words of its world."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import Any

from flows.environments.services.office.approvals import APPROVALS
from flows.environments.services.office.calendar import CALENDAR
from flows.environments.services.office.contacts import CONTACTS
from flows.environments.services.office.files import FILES
from flows.environments.services.office.ledger import LEDGER
from flows.environments.services.office.mail import MAIL
from flows.environments.services.office.shop import SHOP
from flows.environments.services.office.tickets import TICKETS
from flows.environments.services.office.user import USER
from flows.environments.services.operation import Operation, Service, descriptions
from flows.environments.services.setup import Setup
from flows.environments.tool import Tool

ALL = {one.name: one for one in (MAIL, CALENDAR, SHOP, TICKETS, LEDGER, FILES, CONTACTS, APPROVALS, USER)}
OPERATIONS = {operation.name: operation for service in ALL.values() for operation in service.operations}
TABLES = {table: service for service in ALL.values() for table in service.tables}
FREE_COLUMNS = frozenset(column for service in ALL.values() for column in service.free_columns)
"""`table.column` of the columns that no goal compares."""


@dataclass(frozen=True)
class Offer:
    """The tools of one world, and the way back from their names to the operations."""

    setup: Setup

    @cached_property
    def services(self) -> list[Service]:
        """The services that the setup names, or all, and the user. Raises KeyError on an unknown name."""
        named = self.setup.services or [name for name in ALL if name != "user"]
        return [ALL[name] for name in (*named, "user")]

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """Name shown -> operation."""
        return {self.shown(one.name): one for service in self.services for one in service.operations}

    @cached_property
    def tools(self) -> tuple[Tool, ...]:
        """All tools."""
        return tuple(self._tools())

    @cached_property
    def tables(self) -> list[str]:
        """Tables that the operations touch, and those that the setup fills, sorted."""
        touched = {table for one in self.operations.values() for table in (*one.reads, *one.writes)}
        return sorted(touched | set(self.setup.rows))

    def shown(self, operation: str) -> str:
        """The name under which an operation is offered."""
        return self.setup.tools.get(operation, operation)

    def field(self, name: str) -> str:
        """The name under which a column or an argument is shown."""
        return self.setup.fields.get(name, name)

    def arguments(self, operation: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Canonical arguments in the names of this world."""
        return {self.field(name): value for name, value in values.items()}

    def canonical(self, operation: Operation, values: Mapping[str, Any]) -> dict[str, Any]:
        """Arguments of a call in canonical names."""
        return {name: values[shown] for name in operation.schema["properties"] if (shown := self.field(name)) in values}

    def render(self, value: Any) -> Any:
        """An answer with its keys in the names of this world."""
        shown = self.setup.fields
        if isinstance(value, dict):
            return {
                shown.get(name, name): self.render(one) if isinstance(one, dict | list) else one
                for name, one in value.items()
            }
        return [self.render(one) for one in value] if isinstance(value, list) else value

    def _tools(self) -> Iterator[Tool]:
        for service in self.services:
            for one in service.operations:
                text = _description(service.name, one.name)
                yield Tool(self.shown(one.name), text, self._schema(one), read_only=not one.writes)

    def _schema(self, operation: Operation) -> dict[str, Any]:
        properties = {self.field(name): self._property(one) for name, one in operation.schema["properties"].items()}
        required = [self.field(name) for name in operation.schema["required"]]
        return {**operation.schema, "properties": properties, "required": required}

    def _property(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        plain = {key: value for key, value in schema.items() if key != "choice"}
        if "choice" in schema:
            plain["enum"] = list(self.setup.choices.get(schema["choice"], ()))
        return plain


@cache
def _description(service: str, operation: str) -> str:
    return descriptions(service)[operation]


@lru_cache(maxsize=16)
def offer_of(setup: str) -> Offer:
    """The offer of a world by the JSON of its setup; tools, players and worlds of a task share it."""
    return Offer(Setup.from_json(setup))


def tools(setup: str, dialect: str) -> tuple[Tool, ...]:
    """The tools of a world by the JSON of its setup."""
    return offer_of(setup).tools
