"""Performs the acts that the loop of an attempt requests: renders, samples, calls tools, commits.

Everything that an act touches is shared by the attempts of a run, except the world, which is the attempt's own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import cast

from flows.environments.tool import ToolCall
from flows.rollout.chat_protocol import ChatRequest, ChatTeacher
from flows.rollout.journal.journal import Journal
from flows.rollout.loop.acts import (
    Act,
    Brief,
    CallTools,
    Commit,
    Ending,
    Generate,
    Parse,
    ReadNotes,
    Recall,
    Render,
)
from flows.rollout.loop.agent import attempt
from flows.rollout.loop.episode import Entry, Episode
from flows.rollout.loop.trajectory_row import Plan
from flows.rollout.pool.admission import Admission
from flows.rollout.pool.counts import PoolCounts
from flows.rollout.pool.delegation import Delegation, RunChild, delegates
from flows.rollout.protocol import Completion, ContextExceeded, Dialect, Extension, Parsed, Teacher, TeacherError
from flows.rollout.tools.delegate import DELEGATE
from flows.rollout.tools.observation import Performed
from flows.rollout.tools.toolbox import Toolbox, World

Result = Extension | Completion | Parsed | Performed | list[Entry] | str | None
"""The result of an act, as the loop receives it."""


@dataclass(frozen=True)
class RolloutContext:
    """Teacher, dialect, worlds and journal that all attempts of a run share."""

    teacher: Teacher
    dialect: Dialect
    toolbox: Toolbox
    journal: Journal


class Performer:
    """Drives the loops of a run's attempts.

    `on_completion` is called after each completion of the teacher, `run_child` runs a delegated attempt."""

    def __init__(
        self,
        context: RolloutContext,
        admission: Admission,
        counts: PoolCounts,
        on_completion: Callable[[], Awaitable[None]],
        run_child: RunChild,
    ) -> None:
        self._context, self._admission, self._counts = context, admission, counts
        self._api = context.teacher if isinstance(context.teacher, ChatTeacher) else None
        self._on_completion, self._delegation = on_completion, Delegation(run_child, context.toolbox.limits)

    async def drive(self, plan: Plan, episode: Episode, world: World) -> Ending:
        """Drive the generator of the agent loop: perform each act it yields, and send it the result.

        A prompt that the server has no room for is raised inside the loop, which ends the attempt with what it has.
        """
        loop, result, too_long = attempt(plan.brief, episode), None, None
        while True:
            try:
                act = loop.throw(too_long) if too_long else loop.send(result)
            except StopIteration as end:
                ending: Ending = end.value
                return ending
            result, too_long = None, None
            try:
                result = await self._perform(plan, act, world, episode)
            except ContextExceeded as error:
                too_long = error

    async def _perform(self, plan: Plan, act: Act, world: World, episode: Episode) -> Result:
        dialect, brief = self._context.dialect, plan.brief
        match act:
            case Render(stream, after, messages):
                opened = dialect.open(messages, brief.tools) if after is None else None
                return await (opened or dialect.extend(stream, cast(Completion, after), messages))
            case Generate():
                return await self._generate(plan, act)
            case Parse(completion):
                return await dialect.parse(completion, brief.tools)
            case CallTools(calls):
                return await self._call_tools(plan, calls, world, episode)
            case ReadNotes():
                return world.notes()
            case Commit() | Recall():
                return await self._journaled(act, brief.trajectory_id)

    async def _call_tools(self, plan: Plan, calls: Sequence[ToolCall], world: World, episode: Episode) -> Performed:
        """While children work, the attempt leaves its place in the server's cache to them."""
        if not delegates(plan, calls):
            done = await world.call_all(calls)
            self._counts.add_calls(plan.task.domain, done.observations)
            return done
        name = plan.brief.trajectory_id
        self._admission.release(name)
        done = await self._delegation.perform(plan, episode.length - 1, calls, world)
        self._counts.add_calls(plan.task.domain, (one for one in done.observations if one.tool != DELEGATE.name))
        await self._admission.rejoin(name, episode.n_tokens)
        return done

    async def _journaled(self, act: Commit | Recall, trajectory_id: str) -> list[Entry] | None:
        if isinstance(act, Recall):
            return await asyncio.to_thread(self._context.journal.entries, trajectory_id)
        await self._context.journal.commit(act.entries)
        own = (entry.turn for entry in act.entries if entry.turn.copy_of is None)
        self._counts.turns += sum(turn.role == "assistant" for turn in own)
        return None

    async def _generate(self, plan: Plan, act: Generate) -> Completion:
        await self._admission.grow(plan.brief.trajectory_id, act.n_tokens)
        completion = await self._sample(plan.brief, act)
        if len(completion.token_ids) != len(completion.logprobs):
            raise TeacherError("the teacher sent token ids and log-probabilities of different lengths")
        if completion.prompt_ids is not None and completion.prompt_ids != list(act.prompt_ids):
            raise TeacherError("the teacher reports another prompt than the one that was sent")
        self._counts.add(completion)
        await self._on_completion()
        return completion

    async def _sample(self, brief: Brief, act: Generate) -> Completion:
        sampling = self._context.dialect.sampling(act.sampling, must_answer=act.must_answer, tools=brief.tools)
        if self._api:
            request = ChatRequest(act.api_messages, brief.tools, sampling, act.must_answer)
            return await self._api.reply(request, brief.trajectory_id)
        return await self._context.teacher.generate(act.prompt_ids, sampling, brief.trajectory_id)
