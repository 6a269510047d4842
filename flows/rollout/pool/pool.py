"""The pool keeps the teacher busy: it runs as many attempts as fit, and fills a freed slot at once, without batches.

A failing attempt never stops the others. If the teacher fails all attempts in a row, the pool stops before those
failures count against the attempts. A stop (a budget, for example) ends every attempt at its next turn; the attempts
resume in the next run.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NoReturn

from flows.domains.contract import Finished
from flows.rollout.chat_protocol import ChatRequest, ChatTeacher
from flows.rollout.journal.file import JournalError
from flows.rollout.journal.journal import AttemptState, Journal
from flows.rollout.loop.agent import Act, Brief, CallTools, Commit, Ending, Generate, Parse, Render, attempt
from flows.rollout.loop.episode import Episode
from flows.rollout.loop.resume import recorded_calls, resumed_plan
from flows.rollout.loop.trajectory_row import Plan, setup_id, trajectory_row
from flows.rollout.pool.admission import Admission, Stopped
from flows.rollout.pool.counts import PoolCounts
from flows.rollout.protocol import (
    Completion,
    ContextExceeded,
    Dialect,
    Extension,
    Parsed,
    Teacher,
    TeacherError,
    TeacherRefused,
)  # fmt: skip
from flows.rollout.tools.observation import Performed, ToolFault
from flows.rollout.tools.stateful_world import WorldDiffers
from flows.rollout.tools.toolbox import Toolbox, World
from flows.rollout.verifiers.judge import judge

LOG = logging.getLogger(__name__)
OUTAGE_FAILURES = 8
"""Consecutive failures of the teacher, over all attempts, that stop the pool; more if more attempts are in flight."""
OBSERVE_EVERY_S = 1.0
DEFAULT_LENGTH_DIVISOR = 8
"""An attempt is expected to fill 1/8 of its token budget while no similar attempt has finished."""


@dataclass(frozen=True)
class RolloutContext:
    """Teacher, dialect, worlds and journal that all attempts of a run share."""

    teacher: Teacher
    dialect: Dialect
    toolbox: Toolbox
    journal: Journal


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
        self._lengths: dict[tuple[str, str], list[int]] = {}
        """Sum of tokens and number of the attempts that finished in this run, by domain and composer."""
        self._in_flight = in_flight
        self._max_starts = max_starts
        self._teacher_failures: list[FailedAttempt] = []
        """Failures of the teacher since its last successful completion."""

    @property
    def counts(self) -> PoolCounts:
        """The counts up to now."""
        self._counts.in_flight, self._counts.waiting = self.admission.admitted, self.admission.waiting
        return self._counts

    async def run(self, plans: Iterable[Plan]) -> None:
        """Run all plans. Raises TeacherError if the teacher is down, JournalError, LakeError."""
        waiting = iter(plans)
        observer = asyncio.create_task(self._observe())
        try:
            async with asyncio.TaskGroup() as slots:
                for _ in range(self._in_flight):
                    slots.create_task(self._slot(waiting))
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

    async def _observe(self) -> None:
        while True:
            await asyncio.sleep(OBSERVE_EVERY_S)
            self.admission.observe()

    async def _slot(self, waiting: Iterator[Plan]) -> None:
        with contextlib.suppress(Stopped):
            for plan in waiting:
                await self._run_attempt(plan)

    async def _run_attempt(self, plan: Plan) -> None:
        brief, context = plan.brief, self._context
        environment = context.toolbox.kind(plan.task.domain)
        setup = setup_id(brief, context.teacher.identity, context.dialect, environment)
        state = await context.journal.begin(brief.trajectory_id, setup)
        self._counts.restarted += state.restarted > 0
        episode, world = (
            Episode(brief.trajectory_id, brief.run_id),
            context.toolbox.world(plan.task, brief.trajectory_id),
        )
        episode.add(state.entries)
        try:
            await self.admission.admit(brief.trajectory_id, episode.n_tokens, self._expected_length(plan))
            await world.open(recorded_calls(state.entries, world.tools))
            plan, state = resumed_plan(plan, state.entries), replace(state, entries=[])
            ending = await self._drive(plan, episode, world)
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

    async def _drive(self, plan: Plan, episode: Episode, world: World) -> Ending:
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
                result = await self._perform(plan, act, world)
            except ContextExceeded as error:
                too_long = error

    async def _perform(self, plan: Plan, act: Act, world: World) -> Extension | Completion | Parsed | Performed | None:
        dialect, brief = self._context.dialect, plan.brief
        match act:
            case Render(stream, after, messages):
                if after is None:
                    return await dialect.open(messages, brief.tools)
                return await dialect.extend(stream, after, messages)
            case Generate():
                return await self._generate(plan, act)
            case Parse(completion):
                return await dialect.parse(completion, brief.tools)
            case CallTools(calls):
                return await world.call_all(calls)
            case Commit(entries):
                await self._context.journal.commit(entries)
                self._counts.turns += sum(entry.turn.role == "assistant" for entry in entries)
        return None

    async def _generate(self, plan: Plan, act: Generate) -> Completion:
        await self.admission.grow(plan.brief.trajectory_id, act.n_tokens)
        completion = await self._sample(plan.brief, act)
        if len(completion.token_ids) != len(completion.logprobs):
            raise TeacherError("the teacher sent token ids and log-probabilities of different lengths")
        if completion.prompt_ids is not None and completion.prompt_ids != list(act.prompt_ids):
            raise TeacherError("the teacher reports another prompt than the one that was sent")
        self._counts.add(completion)
        await self._abort_failed()
        return completion

    async def _sample(self, brief: Brief, act: Generate) -> Completion:
        teacher = self._context.teacher
        sampling = self._context.dialect.sampling(act.sampling, must_answer=act.must_answer, tools=brief.tools)
        if isinstance(teacher, ChatTeacher):
            request = ChatRequest(act.api_messages, brief.tools, sampling, act.must_answer)
            return await teacher.reply(request, brief.trajectory_id)
        return await teacher.generate(act.prompt_ids, sampling, brief.trajectory_id)

    async def _finish(self, plan: Plan, ending: Ending, state: AttemptState, world: World | None = None) -> None:
        """Store the finished attempt with its outcome and verdicts; one that was given up has neither."""
        journal, made_by = self._context.journal, (self._context.teacher.identity, self._context.dialect)
        turns = await journal.turns(plan.brief.trajectory_id)
        row = trajectory_row(plan, ending, turns, state.started_at, made_by)
        if world is None:
            await journal.finish(row, [], None)
            return
        outcome = await world.finish(ending.answer, row.trajectory_id, row.run_id)
        await journal.finish(row, judge(Finished(plan.task, row, turns, outcome, plan.hidden)), outcome)
        await world.remove()

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
