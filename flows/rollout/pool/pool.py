"""The pool keeps the teacher busy: it runs as many attempts as fit, and fills a freed slot at once, without batches.

A failing attempt never stops the others. If the teacher fails all attempts in a row, the pool stops before those
failures count against the attempts. A stop (a budget, for example) ends every attempt at its next turn; the attempts
resume in the next run.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

from flows.domains.contract import Finished
from flows.environments.environment import SANDBOX
from flows.rollout.journal.file import JournalError
from flows.rollout.journal.journal import AttemptState, FinishedAttempt, child_setup
from flows.rollout.loop.acts import Ending
from flows.rollout.loop.episode import Episode
from flows.rollout.loop.resume import recorded_calls, resumed_plan
from flows.rollout.loop.trajectory_row import Plan, setup_id, trajectory_row
from flows.rollout.pool.admission import Admission, Stopped
from flows.rollout.pool.counts import PoolCounts
from flows.rollout.pool.delegation import children
from flows.rollout.pool.performer import Performer, RolloutContext
from flows.rollout.pool.sandbox_budget import PlanQueue, SandboxBudget
from flows.rollout.protocol import TeacherError, TeacherRefused
from flows.rollout.tools.observation import ToolFault
from flows.rollout.tools.stateful_world import WorldDiffers
from flows.rollout.tools.toolbox import World
from flows.rollout.verifiers.judge import judge
from schemas.trajectory import Turn

LOG = logging.getLogger(__name__)
OUTAGE_FAILURES = 8
"""Consecutive failures of the teacher, over all attempts, that stop the pool; more if more attempts are in flight."""
OBSERVE_EVERY_S = 1.0
DEFAULT_LENGTH_DIVISOR = 8
"""An attempt is expected to fill 1/8 of its token budget while no similar attempt has finished."""


@dataclass(frozen=True)
class FailedAttempt:
    """An attempt that an error stopped; `code` is the reason under which it is counted."""

    plan: Plan
    state: AttemptState
    code: str
    error: Exception


class Pool:
    """Runs the attempts of a rollout; an attempt that was aborted `max_starts` times is given up.

    At most `in_flight` attempts run concurrently, and their contexts fill at most `kv_share` of each server's KV cache.
    """

    def __init__(self, context: RolloutContext, in_flight: int, max_starts: int, kv_share: float) -> None:
        self._counts = PoolCounts(faults=context.toolbox.faults)
        self.admission = Admission(context.teacher, in_flight, kv_share)
        self._context = context
        self._performer = Performer(context, self.admission, self._counts, self._abort_failed, self._run_child)
        self._lengths: dict[tuple[str, str], list[int]] = {}
        """Sum of tokens and number of the attempts that finished in this run, by domain and composer."""
        self._in_flight = in_flight
        self._plans: PlanQueue | None = None
        """The plans of `run`."""
        self._max_starts = max_starts
        self._teacher_failures: list[FailedAttempt] = []
        """Failures of the teacher since its last successful completion."""

    @property
    def counts(self) -> PoolCounts:
        """The counts up to now."""
        self._counts.in_flight, self._counts.waiting = self.admission.admitted, self.admission.waiting
        self._counts.sandbox_queued = self._context.toolbox.executor.queued
        return self._counts

    async def run(self, plans: Iterable[Plan]) -> None:
        """Run all plans. Raises TeacherError if the teacher is down, JournalError, LakeError."""
        budget = SandboxBudget(self._context.toolbox.executor.cores, self._in_flight)
        self._plans = PlanQueue(iter(plans), self._needs_sandbox, budget)
        observer = asyncio.create_task(self._observe(self._plans))
        try:
            async with asyncio.TaskGroup() as slots:
                for _ in range(self._in_flight):
                    slots.create_task(self._slot(self._plans))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            observer.cancel()
        if self._teacher_failures and not any(load.up for load in self._context.teacher.loads()):
            await self._end_in_outage()
        await self._abort_failed()

    def stop(self, reason: str) -> None:
        """End every attempt at its next turn; its committed turns stay in the journal for the next run."""
        self.admission.stop(reason)
        if self._plans:
            self._plans.stop()

    async def _observe(self, plans: PlanQueue) -> None:
        while True:
            await asyncio.sleep(OBSERVE_EVERY_S)
            self.admission.observe()
            plans.observe(self._context.toolbox.executor.queued)

    async def _slot(self, plans: PlanQueue) -> None:
        with contextlib.suppress(Stopped):
            while plan := await plans.next():
                try:
                    await self._run_attempt(plan)
                finally:
                    plans.end(plan)

    def _needs_sandbox(self, plan: Plan) -> bool:
        return SANDBOX in self._context.toolbox.kind(plan.task.domain).needs

    async def _run_attempt(self, plan: Plan) -> None:
        brief, context = plan.brief, self._context
        setup = self._setup(plan)
        state = await context.journal.begin(brief.trajectory_id, setup)
        self._counts.restarted += state.restarted > 0
        episode = Episode(brief.trajectory_id, brief.run_id)
        world = context.toolbox.world(plan.task, brief.trajectory_id)
        episode.add(state.entries)
        try:
            await self.admission.admit(brief.trajectory_id, episode.n_tokens, self._expected_length(plan))
            await world.open(recorded_calls(state.entries, world.tools))
            plan, state = resumed_plan(plan, state.entries), replace(state, entries=[])
            ending = await self._performer.drive(plan, episode, world)
            await self._finish(plan, ending, state, world)
            self._counts.finished += 1
            self._counts.finished_turns += episode.assistant_turns
            self._add_length(plan, episode.n_tokens)
        except JournalError:
            raise
        except Stopped:
            self._counts.stopped += 1
            raise
        except TeacherRefused as error:
            await self._abort(FailedAttempt(plan, state, "teacher_refused", error))
        except TeacherError as error:
            await self._defer_abort(FailedAttempt(plan, state, "teacher_error", error))
        except ToolFault as error:
            await self._abort(FailedAttempt(plan, state, "tool_fault", error))
        except WorldDiffers as error:
            await context.journal.restart(brief.trajectory_id, setup)
            await self._abort(FailedAttempt(plan, state, "replay_differs", error))
        except Exception as error:
            LOG.exception("attempt %s stopped", brief.trajectory_id)
            await self._abort(FailedAttempt(plan, state, type(error).__name__, error))
        finally:
            await world.close()
            self.admission.release(brief.trajectory_id)

    def _expected_length(self, plan: Plan) -> int:
        tokens, n = self._lengths.get((plan.task.domain, plan.task.composer), (0, 0))
        return tokens // n if n else plan.expected_tokens or plan.brief.max_tokens // DEFAULT_LENGTH_DIVISOR

    def _add_length(self, plan: Plan, tokens: int) -> None:
        lengths = self._lengths.setdefault((plan.task.domain, plan.task.composer), [0, 0])
        lengths[0] += tokens
        lengths[1] += 1

    async def _finish(self, plan: Plan, ending: Ending, state: AttemptState, world: World | None = None) -> None:
        """Store the finished attempt with its outcome and verdicts; one that was given up has neither."""
        journal, made_by = self._context.journal, (self._context.teacher.identity, self._context.dialect)
        turns = await journal.turns(plan.brief.trajectory_id)
        row = trajectory_row(plan, ending, turns, state.started_at, made_by)
        own = [turn for turn in turns if turn.copy_of is None]
        if world is None:
            await journal.forget_children(row.trajectory_id)
            await journal.finish(row, [], None)
            return
        outcome = await world.finish(ending.answer, plan.hidden, row)
        self.admission.release(row.trajectory_id)
        finished = [*await self._finished_children(plan, own)]
        judged = judge(Finished(plan.task, row, own, outcome, plan.hidden))
        await journal.finish_all([*finished, (row, judged, outcome)])
        await world.remove()

    async def _run_child(self, plan: Plan) -> Ending:
        """Run a child to its end, from its journaled turns on; it is stored with its parent."""
        brief, context = plan.brief, self._context
        state = await context.journal.begin(brief.trajectory_id, self._setup(plan))
        episode = Episode(brief.trajectory_id, brief.run_id)
        world = context.toolbox.world(plan.task, brief.trajectory_id)
        episode.add(state.entries)
        try:
            await self.admission.admit(brief.trajectory_id, episode.n_tokens, self._expected_length(plan))
            return await self._performer.drive(resumed_plan(plan, state.entries), episode, world)
        finally:
            self.admission.release(brief.trajectory_id)

    async def _finished_children(self, plan: Plan, turns: Sequence[Turn]) -> list[FinishedAttempt]:
        """The rows of all that descends from an attempt, children before their parents."""
        journal, made_by = self._context.journal, (self._context.teacher.identity, self._context.dialect)
        found: list[FinishedAttempt] = []
        for child in children(plan, turns):
            ending = await self._run_child(child)
            state = await journal.begin(child.brief.trajectory_id, self._setup(child))
            written = [entry.turn for entry in state.entries]
            row = trajectory_row(resumed_plan(child, state.entries), ending, written, state.started_at, made_by)
            own = [turn for turn in written if turn.copy_of is None]
            found += [*await self._finished_children(child, own), (row, judge(Finished(plan.task, row, own)), None)]
        return found

    def _setup(self, plan: Plan) -> str:
        context = self._context
        environment = context.toolbox.kind(plan.task.domain)
        setup = setup_id(plan.brief, context.teacher.identity, context.dialect, environment)
        return child_setup(setup, plan.parent[0], plan.brief.instruction) if plan.parent else setup

    async def _abort(self, failed: FailedAttempt, *, counted: bool = True) -> None:
        plan, message = failed.plan, f"{failed.code}: {failed.error}"
        self._counts.faults[failed.code] += 1
        LOG.warning("attempt %s aborted: %s", plan.brief.trajectory_id, message)
        await self._context.journal.abort(plan.brief.trajectory_id, message, counted=counted)
        if counted and failed.state.aborts + 1 >= self._max_starts:
            await self._finish(plan, Ending("aborted", error=failed.code), failed.state)
            self._counts.given_up += 1
        else:
            self._counts.aborted += 1

    async def _defer_abort(self, failed: FailedAttempt) -> None:
        """Hold a failure of the teacher back: it counts against the attempt only if the teacher works for others."""
        self._teacher_failures.append(failed)
        if len(self._teacher_failures) < max(self.admission.admitted, OUTAGE_FAILURES):
            return
        await self._end_in_outage()

    async def _end_in_outage(self) -> NoReturn:
        """Abort the failed attempts without counting that against them, and raise TeacherError."""
        failures, self._teacher_failures = self._teacher_failures, []
        for one in failures:
            await self._abort(one, counted=False)
        raise TeacherError(
            f"the teacher failed {len(failures)} attempts in a row, the last with: {failures[-1].error}. "
            "Nothing is lost: repair the teacher and run again."
        ) from failures[-1].error

    async def _abort_failed(self) -> None:
        """The teacher works again, so the earlier failures count against the attempts."""
        failures, self._teacher_failures = self._teacher_failures, []
        for one in failures:
            await self._abort(one)
