"""The environment of office services: opens a world from a setup, makes calls in it, and reports its final state."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import orjson

from flows.environments.environment import Checkpoint, EnvironmentKind, FinalState
from flows.environments.played_user import NOTHING, PlayedUser
from flows.environments.resources import Resources
from flows.environments.services.catalogue import TABLES, Offer, offer_of, tools
from flows.environments.services.delta import delta
from flows.environments.services.office.user import ASK_USER, script
from flows.environments.services.operation import Operation, Refusal, Row
from flows.environments.services.rules import breached
from flows.environments.services.setup import Setup
from flows.environments.services.world import World
from flows.environments.tool import Answer, Tool, ToolCall
from schemas.record import sha256_text
from schemas.trajectory import Kind

MAX_BYTES = 40_000
"""Bytes of one text argument; SQLite's pattern search takes 50,000."""


class Services:
    """The office world of one attempt. It holds the initial state, the agent's changes to it, and no goal."""

    def __init__(self, setup: Setup | Offer, image: bytes | None = None, user: PlayedUser | None = None) -> None:
        """`image` is the database of a world of the same setup to which nothing was done yet, if there is one.

        Without `user` the script of the setup answers questions.
        """
        self.offer = setup if isinstance(setup, Offer) else Offer(setup)
        self._lock, self._user = Lock(), user
        scripts = {TABLES[table].name: TABLES[table].script for table in self.offer.tables}
        self.world = World(self.offer.setup, list(scripts.values()), self.offer.tables, image)

    def tools(self) -> tuple[Tool, ...]:
        """The tools of the setup's services, and `ask_user`."""
        return self.offer.tools

    def act(self, call: ToolCall) -> Answer:
        """Make a call under the lock of the database; a call that is refused or fails changes nothing."""
        return self._act(call, again=False)

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
            return Checkpoint(self._digest())

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """Make the calls again in a fresh world; the caller compares answers and digest with the recorded ones."""
        return [self._act(call, again=True) for call in calls]

    def finish(self, answer: str | None) -> FinalState:
        """The changed rows of every table, and the breaches of general rules in their order."""
        with self._lock:
            checks: dict[str, object] = {"delta": delta(self.world), "breaches": list(self.world.breaches)}
            if self._user:
                checks["user"] = self._user.facts()
            return FinalState(self._digest(), checks=checks)

    def close(self) -> None:
        """Drop the database."""
        if self._user:
            self._user.closed = True
        with self._lock:
            self.world.con.close()

    def _act(self, call: ToolCall, *, again: bool) -> Answer:
        operation = self.offer.operations[call.name]
        values = self.offer.canonical(operation, call.arguments)
        if operation.name == ASK_USER and self._user:
            return self._ask(self._user, str(values["topic"]), again=again)
        return self.perform(operation, values)

    def _ask(self, user: PlayedUser, question: str, *, again: bool) -> Answer:
        """The reply of the user that a model plays, in the form of a scripted one."""
        try:
            _check_texts({"topic": question})
        except Refusal as refusal:
            return Answer(self._text({"error": str(refusal)}), refusal.kind)
        words = user.reply(question, again=again)
        return Answer(self._text({"error": words} if words == NOTHING else {"reply": words}), _kind_of(words))

    def _digest(self) -> str:
        state = self.world.digest()
        return sha256_text(json.dumps([state, self._user.said])) if self._user else state

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
        world.wrote(operation.writes, breaches)
        return found

    def _text(self, found: Row) -> str:
        option = orjson.OPT_INDENT_2 if self.offer.setup.indented else None
        return orjson.dumps(self.offer.render(found), option=option).decode()


def _kind_of(words: str) -> Kind:
    return "empty" if words == NOTHING else "ok"


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
    """A fresh world from the JSON of a setup; no file is used but for the words of a user that a model plays."""
    offer = offer_of(setup)
    user = PlayedUser(resources.user, script(offer.setup), folder) if resources.user else None
    return Services(offer, user=user)


SERVICES = EnvironmentKind("services", "1", tools, open_services)
