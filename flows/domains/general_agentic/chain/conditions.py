"""The conditions that operations declare, and the writes that establish them where they do not hold yet.

Operations are joined by these declarations: one that establishes a condition goes before one that requires it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flows.domains.general_agentic.batch.work import Call
from flows.domains.general_agentic.chain.relations import follow
from flows.environments.services.catalogue import OPERATIONS
from flows.environments.services.world import World

ESTABLISHING = {condition: one.name for one in OPERATIONS.values() for condition in one.establishes}
"""Condition -> operation after which it holds."""


@dataclass(frozen=True)
class Needed:
    """Calls that make a condition hold, and the records that they change."""

    calls: tuple[Call, ...] = ()
    changes: tuple[str, ...] = ()


def establish(world: World, operation: str, arguments: Mapping[str, Any]) -> Needed | None:
    """The calls that must go before a call; None if its conditions cannot be made to hold in exactly one way."""
    calls, changes = list[Call](), list[str]()
    for condition in OPERATIONS[operation].requires:
        needed = CONDITIONS[condition](world, arguments)
        if needed is None:
            return None
        calls += needed.calls
        changes += needed.changes
    return Needed(tuple(calls), tuple(changes))


def _order_settled(world: World, given: Mapping[str, Any]) -> Needed | None:
    found = follow(world.con, "order_state", {}, source=given["order_id"])
    if found is None:
        return None
    if found["target"] in {world.word("delivered"), world.word("cancelled")}:
        return Needed()
    arguments = {"order_id": given["order_id"], "order_status": world.word("cancelled")}
    return Needed(((ESTABLISHING["order_settled"], arguments),), (given["order_id"],))


def _reference_approved(world: World, given: Mapping[str, Any]) -> Needed | None:
    limit, about = follow(world.con, "account_limit", {}, source=given["account_id"]), given["reference"]
    if limit is None or given["amount"] <= limit["target"]:
        return None if limit is None else Needed()
    if follow(world.con, "approved", world.setup.words, source=about) is not None:
        return Needed()
    pending = follow(world.con, "order_request", world.setup.words, source=about)
    if pending is None:
        return None
    decide = {"request_id": pending["target"], "decision": world.word("approved")}
    calls = (("requests_list", {"reference": about}), (ESTABLISHING["reference_approved"], decide))
    return Needed(calls, (pending["target"],))


def _room_free(world: World, given: Mapping[str, Any]) -> Needed | None:
    hour, room = given["starts_at"][:13], given["room"]
    clash = follow(world.con, "room_clash", world.setup.words, room=room, hour=hour)
    if clash is None:
        return Needed()
    calls = (
        ("events_list", {"room": room, "day": hour[:10]}),
        (ESTABLISHING["room_free"], {"event_id": clash["target"]}),
    )
    return Needed(calls, (clash["target"],))


CONDITIONS: dict[str, Callable[[World, Mapping[str, Any]], Needed | None]] = {
    "order_settled": _order_settled,
    "reference_approved": _reference_approved,
    "room_free": _room_free,
}
