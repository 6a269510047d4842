"""Makes a chain minimal: no call can be left out without missing the goal.

A value is known if the instruction or a tool's schema gives it, or if an answer before shows it. A call that reads can
be left out if all later calls are still known; a call that writes, if the state ends the same without it.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from flows.domains.contract import Refused
from flows.domains.general_agentic.chain.search import Step
from flows.environments.services.catalogue import OPERATIONS
from flows.environments.services.delta import Delta, delta
from flows.environments.services.environment import Services
from flows.environments.services.setup import Setup

FREE = frozenset({"page", "part", "status"})
"""Arguments that anybody can give."""
WORD = re.compile(r"[^\s\"'(),;:]+")


def values(answer: str) -> set[str]:
    """All values of an answer, and all words of its texts."""
    return set(_leaves(json.loads(answer)))


def _leaves(found: Any) -> Iterator[str]:
    if isinstance(found, dict | list):
        for one in found.values() if isinstance(found, dict) else found:
            yield from _leaves(one)
    elif found is not None:
        yield str(found)
        if isinstance(found, str) and " " in found:
            yield from (word.rstrip(".") for word in WORD.findall(found))


def needs(step: Step, known: str) -> set[str]:
    """The arguments of a call that only an answer can give; `known` is the instruction with all choices."""
    given = {str(value) for name, value in step.arguments.items() if name not in FREE}
    return {value for value in given if value not in known}


def pruned(steps: Sequence[Step], known: str) -> list[Step]:
    """The chain without reads that it does not need, tried from the last to the first."""
    shown = [values(step.answer) for step in steps]
    needed = [needs(step, known) for step in steps]
    kept = list(range(len(steps)))
    if not _complete(kept, needed, shown):
        raise Refused("value_unreachable")
    for place in reversed(range(len(steps))):
        fewer = [one for one in kept if one != place]
        if not OPERATIONS[steps[place].operation].writes and _complete(fewer, needed, shown):
            kept = fewer
    return [steps[place] for place in kept]


def _complete(places: Sequence[int], needed: Sequence[set[str]], shown: Sequence[set[str]]) -> bool:
    seen = set[str]()
    for place in places:
        if not needed[place] <= seen:
            return False
        seen |= shown[place]
    return True


def prove_minimal(setup: Setup, steps: Sequence[Step], wanted: Delta) -> None:
    """Raises Refused if the goal is reached without some write."""
    writes = [step for step in steps if OPERATIONS[step.operation].writes]
    for left_out in writes:
        world = Services(setup)
        try:
            for step in writes:
                if step is not left_out:
                    world.perform(OPERATIONS[step.operation], step.arguments)
            if delta(world.world) == wanted:
                raise Refused("step_not_needed")
        finally:
            world.close()
