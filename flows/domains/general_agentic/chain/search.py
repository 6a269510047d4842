"""The search for a chain: adds one write after another, each with the paths that lead to it and the writes it requires.

Everything is carried out in a world as it is planned, so that later steps see the effects of earlier ones.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from flows.domains.contract import Refused
from flows.domains.general_agentic.chain.conditions import establish
from flows.domains.general_agentic.chain.effects import CREATES, EFFECTS, WEIGHTS, Effect
from flows.domains.general_agentic.chain.ledger import Ledger
from flows.domains.general_agentic.chain.paths import Path, Paths
from flows.domains.general_agentic.chain.relations import RELATIONS, Hop, Reached, follow
from flows.domains.general_agentic.chain.steps import Key, Step
from flows.domains.general_agentic.chain.world import Linked
from flows.domains.general_agentic.office.office import Office
from flows.environments.services.catalogue import OPERATIONS
from flows.environments.services.environment import Services

BY_NAME = {one.name: one for one in RELATIONS}
TRIES = 6
"""Writes tried per step of the chain."""
FORCED = ("order_status", "decision")
"""Choices of which a condition leaves one, so that a tool's schema is enough to know it."""


class Search:
    """A chain, or several that share an office, in the making."""

    def __init__(self, office: Office, linked: Linked, services: Services) -> None:
        self.office, self.services = office, services
        self.paths = Paths(services.world, linked, office.draws)
        self.steps: list[Step] = []
        self.sentences: list[str] = []
        self.created: list[Path] = []
        self._ledger, self._done = Ledger(), set[Key]()
        self._read = dict[Key, Step]()
        """Calls that read, with their answers, until a table that they read is written to."""
        self.known = "\n".join(value for choice in FORCED for value in office.choices[choice])

    def run(self, length: int) -> None:
        """Add writes until the chain has so many steps. Raises Refused if it does not get there."""
        for _ in range(TRIES * length):
            if len(self.steps) >= length:
                return
            self._add(self._effect())
        raise Refused("chain_too_short")

    def _effect(self) -> Effect:
        """An effect; one that takes a record made before is as likely as all others, if there is such a record."""
        kinds = {path.end.type for path in self.created}
        taking = [one for one in EFFECTS if any(kinds & {*types} for types in one.slots.values())]
        if taking and self.office.draws.chance(0.5):
            return self.office.draws.choice(taking)
        return self.office.draws.choices(EFFECTS, [WEIGHTS.get(one.operation, 4) for one in EFFECTS])[0]

    def _add(self, effect: Effect) -> bool:
        found = self._fill(effect)
        if found is None:
            return False
        slots, given = found
        arguments = {name: path.end.value for name, path in slots.items()} | given
        for name, (relation, slot) in effect.bound.items():
            bound = self.paths.extend(slots[slot], BY_NAME[relation])
            if bound is None:
                return False
            slots, arguments = {**slots, name: bound}, {**arguments, name: bound.end.value}
        final = {
            name: value
            for name, value in arguments.items()
            if name in OPERATIONS[effect.operation].schema["properties"]
        }
        needed = establish(self.services.world, effect.operation, final)
        if needed is None or self.paths.touched & {*needed.changes} or self._clashes(effect, final):
            return False
        sentence = self._sentence(effect, slots, arguments)
        thread, weighed = len(self.sentences), frozenset(one for path in slots.values() for one in path.weighed)
        read = [Step(*call, "{}", thread, compared) for path in slots.values() for call, compared in path.calls]
        required = [Step(*call, "{}", thread) for call in needed.calls]
        last = Step(effect.operation, final, "{}", thread, weighed)
        if not self._perform([*read, *required, last], sentence):
            return False
        self._remember(effect, slots, arguments, needed.changes)
        return True

    def _fill(self, effect: Effect) -> tuple[dict[str, Path], dict[str, Any]] | None:
        slots = dict[str, Path]()
        for name, types in effect.slots.items():
            path = self._created(types) or self.paths.draw(types)
            if path is None or path.end.value in {one.end.value for one in slots.values()}:
                return None
            slots[name] = path
        given = {name: self._given(kind) for name, kind in effect.given.items()}
        if "room" in given:
            given |= self._time(str(given["room"]))
        return slots, given

    def _created(self, types: tuple[str, ...]) -> Path | None:
        fitting = [one for one in self.created if one.end.type in types]
        return self.office.draws.choice(fitting) if fitting and self.office.draws.chance(0.8) else None

    def _given(self, kind: str) -> str:
        if kind == "title":
            return f"{self.office.draws.word('adjective')} {self.office.draws.word('topic')}".capitalize()
        return self.office.draws.choice(self.office.choices[kind])

    def _time(self, room: str) -> dict[str, Any]:
        """The time of an event in that room, or another one."""
        draws = self.office.draws
        starts = [str(row[3]) for row in self.office.rows["events"] if row[5] == room]
        start = draws.choice(starts) if starts else f"{self.office.day(-draws.randint(11, 20))}T10:00"
        return {"starts_at": start, "minutes": 45}

    def _clashes(self, effect: Effect, given: Mapping[str, Any]) -> bool:
        """True if the service would refuse the write for a reason that no condition covers."""
        world = self.services.world
        if effect.operation.startswith("ticket_"):
            queue = follow(world.con, "ticket_queue", world.setup.words, source=given["ticket_id"])
            return queue is None or queue["target"] == given.get("queue")
        if effect.operation == "request_decide":
            return follow(world.con, "request_pending", world.setup.words, source=given["request_id"]) is None
        if effect.operation == "request_make":
            return follow(world.con, "order_request", world.setup.words, source=given["reference"]) is not None
        if effect.operation == "person_set_region":
            held = follow(world.con, "person_region", {}, source=given["person_id"])
            return held is None or held["target"] == given["region"]
        if effect.operation == "person_set_manager":
            held = follow(world.con, "person_manager", {}, source=given["person_id"])
            return held is not None and held["target"] == given["manager_id"]
        return False

    def _perform(self, calls: Sequence[Step], sentence: str) -> bool:
        """Carry out the calls, reads first, if each read is needed; False if some value is known by chance."""
        new = dict[Key, Step]()
        for step in calls:
            if step.key not in self._done:
                new.setdefault(step.key, step)
        reads = [step for step in new.values() if not step.writes]
        writes = [step for step in new.values() if step.writes]
        known = "\n".join([self.known, *self.sentences, sentence])
        needs = [step.needs(known) for step in (*reads, *writes)]
        if not self._ledger.possible(len(reads), needs):
            return False
        try:
            reads = [self._answered(step) for step in reads]
        except Refused:
            return False
        if not self._ledger.add(reads, needs, sentence):
            return False
        self.sentences.append(sentence)
        self._done |= {step.key for step in reads}
        self.steps += reads
        for step in writes:
            answered = self._answered(step)
            self._ledger.answered(len(self.steps), answered)
            self.steps.append(answered)
        return True

    def _answered(self, step: Step) -> Step:
        if step.key in self._read:
            return replace(step, answer=self._read[step.key].answer)
        operation = OPERATIONS[step.operation]
        answer = self.services.perform(operation, step.arguments)
        if answer.kind != "ok":
            raise Refused("search_refused")
        done = replace(step, answer=answer.text)
        if operation.writes:
            self._read = {key: one for key, one in self._read.items() if not one.reads(operation.writes)}
            self.paths.written(operation.writes)
        else:
            self._read[step.key] = done
        return done

    def _sentence(self, effect: Effect, slots: Mapping[str, Path], arguments: Mapping[str, Any]) -> str:
        return effect.words.format(**{**arguments, **{name: path.end.words for name, path in slots.items()}})

    def _remember(
        self, effect: Effect, slots: Mapping[str, Path], arguments: Mapping[str, Any], changes: tuple[str, ...]
    ) -> None:
        self.paths.reached += [path for path in slots.values() if path.end.type not in {"amount", "email", "region"}]
        self.paths.touched |= {*changes, *_changed(effect, arguments)}
        if effect.operation in CREATES:
            _, kind = CREATES[effect.operation]
            new = str(next(iter(json.loads(self.steps[-1].answer).values())))
            words = f"the {kind} that you made in step {len(self.sentences)}"
            self.created.append(Path(Reached(kind, new, words), (Hop(new, ()),)))


def _changed(effect: Effect, arguments: Mapping[str, Any]) -> set[str]:
    """Records that the write changes, or about which a path would give another target after it."""
    names = ("order_id", "ticket_id", "person_id", "request_id", "reference")
    return {arguments[name] for name in names if name in effect.slots}
