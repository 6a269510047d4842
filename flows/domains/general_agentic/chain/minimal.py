"""Proves that a chain is minimal: no call can be left out without missing the goal."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing

from flows.domains.contract import Refused
from flows.domains.general_agentic.chain.steps import Step, sound, tight
from flows.environments.services.catalogue import OPERATIONS, Offer
from flows.environments.services.delta import Delta, delta
from flows.environments.services.environment import Services
from flows.environments.services.setup import Setup


def prove_reads(steps: Sequence[Step], known: str) -> None:
    """Raises Refused if some value is never shown, or if some call that reads can be left out."""
    if not sound(steps, known):
        raise Refused("value_unreachable")
    if not tight(steps, known):
        raise Refused("read_not_needed")


def prove_writes(setup: Setup, image: bytes, steps: Sequence[Step], wanted: Delta) -> None:
    """Raises Refused if the goal is reached without some call that writes; `image` is the database at the start.

    A call is needed if it has a row that no other call changes: without it this row stays as it was, or one fewer is
    added. All others are left out in turn, in a world that makes the rest.
    """
    writes, offer = [step for step in steps if step.writes], Offer(setup)
    changed = _changed_rows(offer, image, writes)
    counts = Counter(row for rows in changed for row in rows)
    for left_out, rows in zip(writes, changed, strict=True):
        if not any(counts[row] == 1 for row in rows) and _delta_without(offer, image, writes, left_out) == wanted:
            raise Refused("step_not_needed")


def _changed_rows(offer: Offer, image: bytes, writes: Sequence[Step]) -> list[set[tuple[str, str]]]:
    """For each write, (table, key) of the rows that it adds or changes."""
    with closing(Services(offer, image)) as services:
        return [_changed_by(services, step) for step in writes]


def _changed_by(services: Services, step: Step) -> set[tuple[str, str]]:
    operation, world = OPERATIONS[step.operation], services.world
    before = {table: set(world.table(table)) for table in operation.writes}
    services.perform(operation, step.arguments)
    return {(table, str(row[0])) for table, rows in before.items() for row in world.table(table) if row not in rows}


def _delta_without(offer: Offer, image: bytes, writes: Sequence[Step], left_out: Step) -> Delta:
    with closing(Services(offer, image)) as services:
        for step in writes:
            if step is not left_out:
                services.perform(OPERATIONS[step.operation], step.arguments)
        return delta(services.world)
