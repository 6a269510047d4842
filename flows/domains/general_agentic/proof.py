"""Plays of solutions in fresh worlds, by which a composer proves a task before a night stores it.

Each play is made of the real calls of the real environment; a composer refuses the task with the reason that it gets.
"""

import json
from collections.abc import Sequence

from flows.domains.contract import Refused
from flows.domains.general_agentic.solution import Part, Shown, all_stated
from flows.environments.environment import Checkpoint
from flows.environments.services.delta import Delta, delta
from flows.environments.services.environment import Services
from flows.environments.services.setup import Setup
from flows.environments.tool import ToolCall


def perform(world: Services, calls: Sequence[Shown]) -> list[str]:
    """The answers of calls. Raises Refused if a write is not carried out."""
    return [_answer(world, call) for call in calls]


def _answer(world: Services, call: Shown) -> str:
    name, arguments = call
    answer = world.act(ToolCall("probe", name, arguments))
    if world.offer.operations[name].writes and answer.kind != "ok":
        raise Refused("oracle_refused")
    return answer.text


def play_forward(world: Services, parts: Sequence[Part]) -> Delta:
    """Play all parts in order. Raises Refused if evidence cannot be seen, or a rule is broken."""
    for part in parts:
        seen = "\n".join(perform(world, part.reads))
        if not all_stated(part.expects, seen):
            raise Refused("evidence_unreachable")
        perform(world, part.writes)
    if world.world.breaches:
        raise Refused("policy_breached")
    return delta(world.world)


def prove_order(setup: Setup, parts: Sequence[Part], wanted: Delta, first: Checkpoint) -> None:
    """Raises Refused if the world built again differs, or if the writes in reverse order lead to another state."""
    world = Services(Setup.from_json(setup.to_json()))
    try:
        if world.checkpoint() != first:
            raise Refused("not_rebuilt")
        for part in reversed(parts):
            perform(world, part.writes)
        if delta(world.world) != wanted:
            raise Refused("order_dependent")
    finally:
        world.close()


def prove_rebuilt(setup: Setup, first: Checkpoint) -> None:
    """Raises Refused if the world built again from the stored setup differs."""
    world = Services(Setup.from_json(setup.to_json()))
    try:
        if world.checkpoint() != first:
            raise Refused("not_rebuilt")
    finally:
        world.close()


def goal_json(wanted: Delta, watched: Sequence[str]) -> str:
    """The goal of a hidden record: the wanted changes, and the tables that the task is about."""
    return json.dumps({"watched": sorted(watched), "delta": wanted}, ensure_ascii=False, separators=(",", ":"))
