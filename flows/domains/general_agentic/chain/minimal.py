"""Proves that a chain is minimal: no call can be left out without missing the goal."""

from collections.abc import Sequence

from flows.domains.contract import Refused
from flows.domains.general_agentic.chain.steps import Step, sound, tight
from flows.environments.services.catalogue import OPERATIONS
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
    """Raises Refused if the goal is reached without some call that writes; `image` is the database at the start."""
    writes = [step for step in steps if step.writes]
    for left_out in writes:
        world = Services(setup, image)
        try:
            for step in writes:
                if step is not left_out:
                    world.perform(OPERATIONS[step.operation], step.arguments)
            if delta(world.world) == wanted:
                raise Refused("step_not_needed")
        finally:
            world.close()
