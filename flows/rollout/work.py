"""Works the attempts of a run in this process: opens teacher and tools, fills the pool, and drains what has finished.

The caller adds its own jobs beside the pool: a run of one process shows its progress and checks its budget, the process
of a shard reports to the run that started it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from flows.environments.played_user import UserModel
from flows.environments.resources import Resources
from flows.rollout.briefs import build_plans
from flows.rollout.journal.drain import drain
from flows.rollout.pool.admission import max_in_flight
from flows.rollout.pool.counts import PoolCounts
from flows.rollout.pool.performer import RolloutContext
from flows.rollout.pool.pool import Pool
from flows.rollout.protocol import Dialect, Teacher
from flows.rollout.run_record import Run
from flows.rollout.server_load import Load
from flows.rollout.tools.toolbox import Toolbox, open_toolbox
from flows.rollout.user_model import open_user
from flows.settings import Teacher as TeacherSettings
from flows.small_heap import MANY_YOUNG, small_heap

OpenTeacher = Callable[[TeacherSettings, Path], AbstractAsyncContextManager[Teacher]]
OpenDialect = Callable[[TeacherSettings, Teacher], Dialect]
DRAIN_EVERY_S = 5.0
DRAIN_AT = 32
"""Number of finished trajectories that are drained before DRAIN_EVERY_S has passed."""
LOOK_EVERY_S = 0.5
"""Seconds between two looks for finished trajectories."""


@dataclass(frozen=True)
class Factories:
    """Functions that open the teacher and the dialect of a run; tests pass their own."""

    teacher: OpenTeacher
    dialect: OpenDialect


def default_factories(note: Callable[[str], None]) -> Factories:
    """The factories of the settings' engine; `note` receives lines about the teacher's start."""
    from flows.rollout.dialects.open import open_dialect
    from flows.rollout.engines.open import open_teacher

    return Factories(partial(open_teacher, on_progress=note), open_dialect)


@dataclass
class Work:
    """The work of a run that goes on in this process."""

    run: Run
    teacher: Teacher
    pool: Pool
    user: UserModel | None
    stopped: str | None = None
    """The budget that stopped it."""

    def counts(self) -> PoolCounts:
        """The counts of the pool now, with the tokens of the model that plays users."""
        self.pool.counts.user_tokens = self.user.sampled_tokens if self.user else 0
        return self.pool.counts

    def loads(self) -> list[Load]:
        """The loads of the servers."""
        return self.teacher.loads()

    def stop(self, reason: str) -> None:
        """End every attempt at its next turn."""
        self.stopped = reason
        self.pool.stop(reason)


Opened = Callable[[Teacher, Dialect], Awaitable[None]]
"""Is awaited once the teacher has answered."""
Watch = Callable[[Work], Sequence[Coroutine[Any, Any, None]]]
"""The jobs that run beside the pool until it ends."""


async def work(run: Run, resources: Resources, factories: Factories, opened: Opened, watch: Watch) -> Work:
    """Work all planned attempts of the run; returns the ended work. Raises TeacherError, JournalError, LakeError."""
    settings = run.settings
    async with factories.teacher(settings.teacher, settings.logs) as teacher:
        dialect = factories.dialect(settings.teacher, teacher)
        await opened(teacher, dialect)
        async with open_user(settings, teacher, dialect) as user:
            with _toolbox(run, resources, dialect, user) as toolbox:
                context = RolloutContext(teacher, dialect, toolbox, run.journal)
                limits = settings.rollout
                pool = Pool(context, max_in_flight(settings), limits.max_starts, limits.kv_cache_share)
                with small_heap(MANY_YOUNG):
                    return await _run_pool(Work(run, teacher, pool, user), context, watch)


async def _run_pool(work: Work, context: RolloutContext, watch: Watch) -> Work:
    run = work.run
    try:
        async with asyncio.TaskGroup() as group:
            background = [group.create_task(job) for job in (_drain_often(run), *watch(work))]
            await work.pool.run(build_plans(run.planned, run.texts, run.settings, run.day, context))
            for task in background:
                task.cancel()
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    finally:
        run.meter.measure(work.counts(), work.loads(), time.monotonic())
    return work


async def _drain_often(run: Run) -> None:
    last = time.monotonic()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        waiting = (await asyncio.to_thread(run.journal.read, "count_finished"))[0][0]
        if waiting >= DRAIN_AT or (waiting and time.monotonic() - last >= DRAIN_EVERY_S):
            await asyncio.to_thread(drain, run.journal, run.lake)
            last = time.monotonic()


def _toolbox(
    run: Run, resources: Resources, dialect: Dialect, user: UserModel | None
) -> AbstractContextManager[Toolbox]:
    settings = run.settings
    given = replace(resources, dialect=dialect.name, servers=tuple(settings.environments.mcp), user=user)
    return open_toolbox(given.with_sandbox(settings.sandbox), settings.rollout, settings.state / "worlds")
