"""Draws the items of a batch so that every clause of the policy decides some of them, also close to its limits."""

from typing import Any

from flows.domains.general_agentic.batch.policy import Amendment, Policy
from flows.domains.general_agentic.batch.work import Batch, Item

TRIES = 12
"""Draws for one item until the clause meant for it decides it. Items for the amended clause often lie between its old
and new limit."""


def draw_items(batch: Batch, policy: Policy, count: int) -> list[Item]:
    """So many items, in a drawn order of clauses."""
    places: list[int | None] = [*range(len(policy.clauses)), None]
    batch.office.draws.shuffle(places)
    return [batch.make(_values(batch, policy, places[number % len(places)])) for number in range(count)]


def _values(batch: Batch, policy: Policy, wanted: int | None) -> dict[str, Any]:
    draws, change = batch.office.draws, policy.amendment
    if change is not None and change.place == wanted and draws.chance(0.7):
        return _between_limits(batch, policy, change)
    values: dict[str, Any] = {}
    for _ in range(TRIES):
        values = _meeting(batch, policy, wanted)
        if policy.decide(values)[0] == wanted:
            break
    return values


def _between_limits(batch: Batch, policy: Policy, change: Amendment) -> dict[str, Any]:
    """Facts that the amended clause and its old form decide differently, if some are found."""
    low, high = sorted((int(change.old.values[0]), int(change.new.values[0])))
    before, values = policy.unamended(), dict[str, Any]()
    for _ in range(2 * TRIES):
        values = _meeting(batch, policy, change.place)
        values[change.old.fact.name] = batch.office.draws.randint(low + 1, high)
        if policy.decide(values)[1] != before.decide(values)[1]:
            break
    return values


def _meeting(batch: Batch, policy: Policy, wanted: int | None) -> dict[str, Any]:
    """Facts that fulfil the conditions of a clause, whatever other clauses apply."""
    draws = batch.office.draws
    values = {fact.name: fact.draw(draws) for fact in batch.facts}
    conditions = () if wanted is None else policy.clauses[wanted].conditions
    return values | {one.fact.name: one.meet(draws) for one in conditions}
