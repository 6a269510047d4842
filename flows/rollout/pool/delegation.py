"""Runs delegated questions as children of an attempt, and lists the children that an attempt has.

A child has its parent's task, tools and budget, and a journal of its own. It is stored together with its parent, so a
parent that starts again leaves no child behind in the lake. After a kill its id leads back to its turns.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from flows.environments.tool import Answer, ToolCall
from flows.rollout.loop.acts import Ending
from flows.rollout.loop.agent import turn_seed
from flows.rollout.loop.episode import calls_of
from flows.rollout.loop.trajectory_row import Plan
from flows.rollout.tools.arguments import argument_error
from flows.rollout.tools.delegate import DELEGATE
from flows.rollout.tools.observation import Observation, Performed, observe
from flows.rollout.tools.toolbox import World
from flows.settings import Rollout
from schemas.trajectory import Turn, child_id

RunChild = Callable[[Plan], Awaitable[Ending]]
NO_ANSWER = "The other agent gave no answer ({status})."


def delegates(plan: Plan, calls: Sequence[ToolCall]) -> bool:
    """True if one of the calls is a question for a child."""
    return plan.brief.levels > 0 and any(call.name == DELEGATE.name for call in calls)


@dataclass(frozen=True)
class Delegation:
    """Answers the delegated questions of a run's attempts; `run_child` runs a child to its ending."""

    run_child: RunChild
    limits: Rollout

    async def perform(self, plan: Plan, index: int, calls: Sequence[ToolCall], world: World) -> Performed:
        """Make the calls of the turn at `index`: children run concurrently, then the other calls in the world.

        Raises the errors of the teacher in a child, and those of the world.
        """
        asked = await asyncio.gather(*(self._ask(plan, index, call) for call in calls if call.name == DELEGATE.name))
        done = await world.call_all([call for call in calls if call.name != DELEGATE.name])
        answers, own = iter(asked), iter(done.observations)
        return Performed([next(answers if call.name == DELEGATE.name else own) for call in calls], done.checkpoint)

    async def _ask(self, plan: Plan, index: int, call: ToolCall) -> Observation:
        if error := argument_error(call, {DELEGATE.name: DELEGATE}):
            return observe(call, Answer(error, "blocked"), self.limits, 0.0)
        begun = time.monotonic()
        ending = await self.run_child(child_plan(plan, index, call))
        answer = Answer(ending.answer) if ending.answer else Answer(NO_ANSWER.format(status=ending.status), "empty")
        return observe(call, answer, self.limits, time.monotonic() - begun)


def children(plan: Plan, turns: Sequence[Turn]) -> Iterator[Plan]:
    """The children that the calls of these turns made, in order; each call id of a turn counts once."""
    for turn in turns if plan.brief.levels else ():
        calls = {call.id: call for call in calls_of(turn) if _is_valid(call)} if turn.parse == "ok" else {}
        yield from (child_plan(plan, turn.index, call) for call in calls.values())


def child_plan(plan: Plan, index: int, call: ToolCall) -> Plan:
    """The child of a call in the turn at `index`."""
    brief = plan.brief
    name, levels = child_id(brief.trajectory_id, index, call.id), brief.levels - 1
    child = replace(
        brief,
        trajectory_id=name,
        instruction=str(call.arguments["question"]),
        tools=tuple(tool for tool in brief.tools if levels or tool.name != DELEGATE.name),
        levels=levels,
        sampling=replace(brief.sampling, seed=turn_seed(brief.sampling.seed, name)),
    )
    return replace(plan, brief=child, hidden=None, expected_tokens=None, parent=(brief.trajectory_id, call.id))


def _is_valid(call: ToolCall) -> bool:
    return call.name == DELEGATE.name and argument_error(call, {DELEGATE.name: DELEGATE}) is None
