"""The pool keeps the teacher full: as many attempts in flight as it holds, and a freed slot is filled at once.

There are no batches and no barriers, and nothing here costs more the longer an episode is. One bad
attempt never stops the others; a teacher that answers nobody stops the pool before it spends the starts
of attempts that are not to blame. A stop lets every attempt end its turn and go on in the next run.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from flows.rollout.journal.file import JournalError
from flows.rollout.journal.journal import AttemptState, Journal
from flows.rollout.loop.agent import Act, CallTools, Commit, Ending, Generate, Parse, Render, attempt
from flows.rollout.loop.episode import Episode
from flows.rollout.loop.trajectory_row import Plan, setup_id, trajectory_row
from flows.rollout.pool.admission import Admission, Stopped
from flows.rollout.protocol import Completion, Dialect, Extension, Parsed, Teacher, TeacherError, TeacherRefused
from flows.rollout.tools.observation import Observation, ToolFault
from flows.rollout.tools.toolbox import Toolbox
from flows.rollout.verifiers.judge import judge

LOG = logging.getLogger(__name__)
LEAST_FAILURES = 8
"""Failures of the teacher in a row, over all attempts, that stop the pool (or as many as are in flight)."""
OBSERVE_EVERY_S = 1.0
UNKNOWN_SHARE = 8
"""Of an attempt's budget, the part that it is expected to fill while nothing is known of its like."""


@dataclass
class Tally:
    """What the pool did so far in this run."""

    in_flight: int = 0
    waiting: int = 0
    """Attempts that wait until the servers have room for them."""
    turns: int = 0
    sampled_tokens: int = 0
    finished: int = 0
    finished_turns: int = 0
    """Turns of the finished attempts, those of earlier runs too."""
    stopped: int = 0
    """Attempts that a stop of the pool left to the next run."""
    given_up: int = 0
    aborted: int = 0
    """Attempts that will be tried again by a later run."""
    restarted: int = 0
    """Attempts that began again because teacher or prompts had changed."""
    faults: Counter[str] = field(default_factory=Counter)
    """What made attempts stop, by reason code."""


@dataclass(frozen=True)
class RolloutContext:
    """Teacher, dialect, tools and journal that all attempts of a run share."""

    teacher: Teacher
    dialect: Dialect
    toolbox: Toolbox
    journal: Journal


@dataclass(frozen=True)
class Failure:
    """An attempt that stopped; `code` is its reason, for counting, and `error` what happened."""

    plan: Plan
    started: AttemptState
    code: str
    error: Exception


class Pool:
    """Works plans; `starts` is how often an attempt may abort before it is given up.

    At most `in_flight` attempts work at once, and their contexts fill at most `kv_share` of each server's cache.
    """

    def __init__(self, context: RolloutContext, in_flight: int, starts: int, kv_share: float) -> None:
        self._tally = Tally(faults=context.toolbox.faults)
        self.admission = Admission(context.teacher, in_flight, kv_share)
        self._context = context
        self._lengths: dict[tuple[str, str], list[int]] = {}
        """Tokens and number of the attempts that ended in this run, by domain and composer."""
        self._in_flight = in_flight
        self._starts = starts
        self._silence: list[Failure] = []
        """Failures of the teacher since it last answered anyone."""

    @property
    def tally(self) -> Tally:
        """What was done so far, and who is in flight now."""
        self._tally.in_flight, self._tally.waiting = self.admission.inside, self.admission.waiting
        return self._tally

    async def run(self, plans: Iterable[Plan]) -> None:
        """Work all plans; raises TeacherError when the teacher answers nobody, JournalError, LakeError."""
        waiting = iter(plans)
        watch = asyncio.create_task(self._observe())
        try:
            async with asyncio.TaskGroup() as slots:
                for _ in range(self._in_flight):
                    slots.create_task(self._slot(waiting))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        finally:
            watch.cancel()
        await self._blame()

    def stop(self, reason: str) -> None:
        """End every attempt at its next turn; what they committed stays in the journal for the next run."""
        self.admission.stop(reason)

    async def _observe(self) -> None:
        while True:
            await asyncio.sleep(OBSERVE_EVERY_S)
            self.admission.observe()

    async def _slot(self, waiting: Iterator[Plan]) -> None:
        with contextlib.suppress(Stopped):
            for plan in waiting:
                await self._work(plan)

    async def _work(self, plan: Plan) -> None:
        brief, context = plan.brief, self._context
        started = await context.journal.begin(
            brief.trajectory_id, setup_id(brief, context.teacher.identity, context.dialect)
        )
        self._tally.restarted += started.restarted > 0
        episode = Episode(brief.trajectory_id, brief.run_id)
        episode.add(started.entries)
        started = replace(started, entries=[])
        try:
            await self.admission.enter(brief.trajectory_id, len(episode.stream), self._expected(plan))
            ending = await self._play(plan, episode)
            await self._finish(plan, ending, started)
            self._tally.finished += 1
            self._tally.finished_turns += episode.assistant_turns
            self._learn(plan, len(episode.stream))
        except JournalError:
            raise
        except Stopped:
            self._tally.stopped += 1
            raise
        except TeacherRefused as error:
            await self._abort(Failure(plan, started, "teacher_refused", error))
        except TeacherError as error:
            await self._fall_silent(Failure(plan, started, "teacher_error", error))
        except ToolFault as error:
            await self._abort(Failure(plan, started, "tool_fault", error))
        except Exception as error:
            LOG.exception("attempt %s stopped", brief.trajectory_id)
            await self._abort(Failure(plan, started, type(error).__name__, error))
        finally:
            self.admission.leave(brief.trajectory_id)

    def _expected(self, plan: Plan) -> int:
        tokens, n = self._lengths.get((plan.task.domain, plan.task.composer), (0, 0))
        return tokens // n if n else plan.expected_tokens or plan.brief.max_tokens // UNKNOWN_SHARE

    def _learn(self, plan: Plan, tokens: int) -> None:
        lengths = self._lengths.setdefault((plan.task.domain, plan.task.composer), [0, 0])
        lengths[0] += tokens
        lengths[1] += 1

    async def _play(self, plan: Plan, episode: Episode) -> Ending:
        loop, happened = attempt(plan.brief, episode), None
        while True:
            try:
                act = loop.send(happened)
            except StopIteration as end:
                ending: Ending = end.value
                return ending
            happened = await self._perform(plan, act)

    async def _perform(self, plan: Plan, act: Act) -> Extension | Completion | Parsed | list[Observation] | None:
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
                return await self._context.toolbox.call_all(plan.task.domain, calls, plan.task.tools)
            case Commit(entries):
                await self._context.journal.commit(entries)
                self._tally.turns += sum(entry.turn.role == "assistant" for entry in entries)
        return None

    async def _generate(self, plan: Plan, act: Generate) -> Completion:
        await self.admission.stay(plan.brief.trajectory_id, len(act.prompt_ids))
        sampling = self._context.dialect.sampling(act.sampling, must_answer=act.must_answer, tools=plan.brief.tools)
        completion = await self._context.teacher.generate(act.prompt_ids, sampling, plan.brief.trajectory_id)
        if len(completion.token_ids) != len(completion.logprobs):
            raise TeacherError("the teacher sent token ids and log-probabilities of different lengths")
        if completion.prompt_ids is not None and completion.prompt_ids != list(act.prompt_ids):
            raise TeacherError("the teacher saw another prompt than it was sent")
        self._tally.sampled_tokens += len(completion.token_ids)
        await self._blame()
        return completion

    async def _finish(self, plan: Plan, ending: Ending, started: AttemptState) -> None:
        journal, made_by = self._context.journal, (self._context.teacher.identity, self._context.dialect)
        turns = await journal.turns(plan.brief.trajectory_id)
        row = trajectory_row(plan, ending, turns, started.started_at, made_by)
        await journal.finish(row, judge(plan.task, row, turns) if ending.status != "aborted" else [])

    async def _abort(self, failure: Failure, *, counted: bool = True) -> None:
        plan, told = failure.plan, f"{failure.code}: {failure.error}"
        self._tally.faults[failure.code] += 1
        LOG.warning("attempt %s aborted: %s", plan.brief.trajectory_id, told)
        await self._context.journal.abort(plan.brief.trajectory_id, told, counted=counted)
        if counted and failure.started.aborts + 1 >= self._starts:
            await self._finish(plan, Ending("aborted", error=failure.code), failure.started)
            self._tally.given_up += 1
        else:
            self._tally.aborted += 1

    async def _fall_silent(self, failure: Failure) -> None:
        self._silence.append(failure)
        if len(self._silence) < max(self.admission.inside, LEAST_FAILURES):
            return
        silence, self._silence = self._silence, []
        for one in silence:
            await self._abort(one, counted=False)
        raise TeacherError(
            f"the teacher failed {len(silence)} attempts in a row, at last: {failure.error}. "
            "Nothing is lost: see to the teacher and run again."
        ) from failure.error

    async def _blame(self) -> None:
        """The teacher answers: so the attempts that it failed have themselves to blame."""
        silence, self._silence = self._silence, []
        for one in silence:
            await self._abort(one)
