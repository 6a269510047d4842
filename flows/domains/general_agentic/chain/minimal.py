"""Proves that a chain is minimal: no call can be left out without missing the goal."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import repeat
from typing import Any

from flows.domains.contract import Refused
from flows.domains.general_agentic.chain.steps import Step, sound, tight
from flows.environments.services.catalogue import FREE_COLUMNS, OPERATIONS, Offer
from flows.environments.services.delta import Delta, delta
from flows.environments.services.environment import Services
from flows.environments.services.setup import Setup
from flows.environments.services.world import World

Cell = tuple[str, Any, str]
"""(table, key of the row, column)."""
Rows = dict[Any, tuple[Any, ...]]
"""Key -> row of a table."""


def prove_reads(steps: Sequence[Step], known: str) -> None:
    """Raises Refused if some value is never shown, or if some call that reads can be left out."""
    if not sound(steps, known):
        raise Refused("value_unreachable")
    if not tight(steps, known):
        raise Refused("read_not_needed")


def prove_writes(setup: Setup, image: bytes, steps: Sequence[Step], wanted: Delta) -> None:
    """Raises Refused if the goal is reached without some call that writes; `image` is the database at the start.

    A call is needed if it sets a compared cell that no other call changes: without it this cell stays as it was, or
    its row is not added. All others are left out in turn, in a world that makes the rest.
    """
    writes, offer = [step for step in steps if step.writes], Offer(setup)
    changed = _changed_cells(offer, image, writes)
    counts = Counter(cell for cells in changed for cell in cells)
    for left_out, cells in zip(writes, changed, strict=True):
        if not any(counts[cell] == 1 for cell in cells) and _delta_without(offer, image, writes, left_out) == wanted:
            raise Refused("step_not_needed")


def _changed_cells(offer: Offer, image: bytes, writes: Sequence[Step]) -> list[list[Cell]]:
    """For each write, the cells that it adds or changes, those left out that no goal compares."""
    latest = dict[str, Rows]()
    with closing(Services(offer, image)) as services:
        for step in writes:
            for table in OPERATIONS[step.operation].writes:
                latest.setdefault(table, _rows(services.world, table))
        return [list(_changed_by(services, step, latest)) for step in writes]


def _changed_by(services: Services, step: Step, latest: dict[str, Rows]) -> Iterator[Cell]:
    """The changed cells of one write; `latest` has the rows before it, and those after it in the end."""
    operation, world = OPERATIONS[step.operation], services.world
    services.perform(operation, step.arguments)
    for table in operation.writes:
        before, latest[table] = latest[table], _rows(world, table)
        names = world.columns(table)
        for key, row in latest[table].items():
            if row != (was := before.get(key)):
                cells = zip(names, row, was or repeat(None), strict=False)
                yield from ((table, key, name) for name, value, old in cells if value != old and _compared(table, name))


def _compared(table: str, column: str) -> bool:
    return f"{table}.{column}" not in FREE_COLUMNS


def _rows(world: World, table: str) -> Rows:
    return {row[0]: row for row in world.table(table)}


def _delta_without(offer: Offer, image: bytes, writes: Sequence[Step], left_out: Step) -> Delta:
    with closing(Services(offer, image)) as services:
        for step in writes:
            if step is not left_out:
                services.perform(OPERATIONS[step.operation], step.arguments)
        return delta(services.world)
