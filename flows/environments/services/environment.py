"""The environment of office services: opens a world from a setup, makes calls in it, and reports its final state."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from flows.environments.environment import Checkpoint, EnvironmentKind, FinalState
from flows.environments.resources import Resources
from flows.environments.services.catalogue import TABLES, Offer, tools
from flows.environments.services.delta import delta
from flows.environments.services.operation import Operation, Refusal, Row
from flows.environments.services.rules import breached
from flows.environments.services.setup import Setup
from flows.environments.services.world import World
from flows.environments.tool import Answer, Tool, ToolCall

MAX_BYTES = 40_000
"""Bytes of one text argument; SQLite's pattern search takes 50,000."""


class Services:
    """The office world of one attempt. It holds the initial state, the agent's changes to it, and no goal."""

    def __init__(self, setup: Setup, image: bytes | None = None) -> None:
        """`image` is the database of a world of the same setup to which nothing was done yet, if there is one."""
        self.offer, self._lock = Offer(setup), Lock()
        scripts = {TABLES[table].name: TABLES[table].script for table in self.offer.tables}
        self.world = World(setup, list(scripts.values()), self.offer.tables, image)

    def tools(self) -> tuple[Tool, ...]:
        """The tools of the setup's services, and `ask_user`."""
        return self.offer.tools

    def act(self, call: ToolCall) -> Answer:
        """Make a call under the lock of the database; a call that is refused or fails changes nothing."""
        operation = self.offer.operations[call.name]
        return self.perform(operation, self.offer.canonical(operation, call.arguments))

    def perform(self, operation: Operation, values: Mapping[str, Any]) -> Answer:
        """Make a call in canonical names."""
        with self._lock:
            try:
                _check_texts(values)
                given = operation.arguments.model_validate(values)
                found = self._write(operation, given) if operation.writes else operation.run(self.world, given)
            except Refusal as refusal:
                return Answer(self._text({"error": str(refusal)}), refusal.kind)
        return Answer(self._text(found), "empty" if found.get("found") == 0 else "ok")

    def checkpoint(self) -> Checkpoint:
        """The digest of all tables, the clock and the ids given out. Repeated calls give the same state."""
        with self._lock:
            return Checkpoint(self.world.digest())

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """Make the calls again in a fresh world; the caller compares answers and digest with the recorded ones."""
        return [self.act(call) for call in calls]

    def finish(self, answer: str | None) -> FinalState:
        """The changed rows of every table, and the breaches of general rules in their order."""
        with self._lock:
            checks: dict[str, object] = {"delta": delta(self.world), "breaches": list(self.world.breaches)}
            return FinalState(self.world.digest(), checks=checks)

    def close(self) -> None:
        """Drop the database."""
        with self._lock:
            self.world.con.close()

    def _write(self, operation: Operation, given: Any) -> Row:
        world, created = self.world, self.world.created()
        world.con.execute("begin")
        try:
            found = operation.run(world, given)
            breaches = breached(world, operation, given.model_dump())
            world.con.execute("commit")
        except BaseException:
            world.roll_back(created)
            raise
        world.breaches += breaches
        world.n_writes += 1
        return found

    def _text(self, found: Row) -> str:
        option = orjson.OPT_INDENT_2 if self.offer.setup.indented else None
        return orjson.dumps(self.offer.render(found), option=option).decode()


def _check_texts(values: Mapping[str, Any]) -> None:
    """Raises Refusal on a text that no database takes: too long, or with half a character."""
    for name, value in values.items():
        if isinstance(value, str):
            try:
                size = len(value.encode())
            except UnicodeEncodeError:
                raise Refusal(f"The text in {name} is not valid Unicode.") from None
            if size > MAX_BYTES:
                raise Refusal(f"The text in {name} has {size} bytes; at most {MAX_BYTES} are taken.")


def open_services(setup: str, resources: Resources, folder: Path) -> Services:
    """A fresh world from the JSON of a setup; no file is used."""
    return Services(Setup.from_json(setup))


SERVICES = EnvironmentKind("services", "1", tools, open_services)
