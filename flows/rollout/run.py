"""Runs the rollout of a day: plans attempts, starts the teacher, fills the pool and drains finished trajectories.

Finished trajectories reach the lake while others run, so that they can be queried. Unfinished attempts resume from the
journal in the next run. Without planned attempts no teacher is started. A budget ends the run between two turns.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from flows.domains.lengths import shortage
from flows.environments.library import open_library, with_dense_index
from flows.environments.played_user import UserModel
from flows.environments.resources import Resources
from flows.rollout.briefs import build_plans, check_planned, needs_library
from flows.rollout.dialects.open import prove_dialect
from flows.rollout.journal.drain import drain
from flows.rollout.journal.recovery import Recovered, open_journal
from flows.rollout.monitor.accounting import record_killed_run
from flows.rollout.monitor.run_status import RunStatus, save_status
from flows.rollout.monitor.status_display import progress_line
from flows.rollout.monitor.teacher_facts import teacher_facts
from flows.rollout.pool.admission import max_in_flight
from flows.rollout.pool.counts import PoolCounts
from flows.rollout.pool.performer import RolloutContext
from flows.rollout.pool.pool import Pool
from flows.rollout.protocol import Dialect, Teacher
from flows.rollout.run_record import Run, open_run
from flows.rollout.sampling import attempt_sampling
from flows.rollout.tools.toolbox import Toolbox, open_toolbox, remove_abandoned
from flows.rollout.user_model import open_user
from flows.settings import Settings
from flows.settings import Teacher as TeacherSettings
from warehouse.connect import connect
from warehouse.console.progress import ProgressCallback
from warehouse.console.terminal import visible
from warehouse.lake import Lake

if TYPE_CHECKING:
    import duckdb

LOG = logging.getLogger(__name__)
OpenTeacher = Callable[[TeacherSettings, Path], AbstractAsyncContextManager[Teacher]]
OpenDialect = Callable[[TeacherSettings, Teacher], Dialect]
Counts = dict[str, int | str]
DRAIN_EVERY_S = 5.0
DRAIN_AT = 32
"""Number of finished trajectories that are drained before DRAIN_EVERY_S has passed."""
BUDGET_CHECK_EVERY_S = 0.02
"""Seconds between budget checks: a run exceeds its budget by at most this long, and by the turns in flight."""
REPORT_EVERY_S = 0.5


@dataclass(frozen=True)
class Factories:
    """Functions that open the teacher and the dialect of a run; tests pass their own."""

    teacher: OpenTeacher
    dialect: OpenDialect


def run_rollout(
    settings: Settings,
    day: date,
    report: ProgressCallback,
    factories: Factories | None = None,
    since: datetime | None = None,
) -> Counts:
    """Run every planned attempt that has no trajectory, within the settings' budget; return counts.

    `since` is the start of the run's first try if the step is retried: the budget holds for all tries together.
    Raises JournalError before any token is spent, RolloutError if a task needs an unknown tool or verifier, and
    TeacherError if the teacher cannot start or is down. Committed turns are kept in each case.
    """
    lake = Lake(settings.lake)
    journal, recovered = open_journal(settings.state / "journal.sqlite", lake)
    with journal:
        drain(journal, lake)
        with connect(lake, spill=settings.state / "spill") as con:
            record_killed_run(settings.state, lake, con)
            run = open_run(settings, day, journal, con, since)
            total = run.planned.num_rows
            report(0, total)
            if not total:
                return _counts(run.meter.status, {}, recovered)
            check_planned(run.planned, settings.rollout)
            resources = Resources(blocklist=tuple(settings.blocklist))
            if needs_library(run.planned):
                resources = _with_library(resources, con, settings, lambda note: report(0, total, note))
        chosen = factories or _factories(lambda note: report(0, total, f"starting the teacher: {note}"))
        try:
            stopped = asyncio.run(_roll_out(run, resources, chosen, report))
            unfinished = run.end("budget" if stopped else "done", stopped or "")
        except BaseException as error:
            run.fail(error)
            raise
    status = run.meter.status
    counts = _counts(status, unfinished, recovered)
    report(status.done, total, str(counts.get("stopped", f"{status.aborted} to be retried" if status.aborted else "")))
    return counts


async def _roll_out(run: Run, resources: Resources, factories: Factories, report: ProgressCallback) -> str | None:
    """Open teacher and tools and run the pool; return the budget that stopped it, or None."""
    settings, meter = run.settings, run.meter
    report(0, run.planned.num_rows, "starting the teacher")
    meter.acquire_teacher(time.monotonic())
    save_status(meter.status, settings.state)
    try:
        async with factories.teacher(settings.teacher, settings.logs) as teacher:
            dialect = factories.dialect(settings.teacher, teacher)
            await prove_dialect(settings.teacher, dialect, teacher)
            _show_teacher(run, teacher, dialect, report)
            remove_abandoned(settings.state / "worlds", {row[0] for row in run.journal.read("attempt_ids")})
            async with open_user(settings, teacher, dialect) as user:
                with _toolbox(run, resources, dialect, user) as toolbox:
                    context = RolloutContext(teacher, dialect, toolbox, run.journal)
                    pool = Pool(
                        context, max_in_flight(settings), settings.rollout.max_starts, settings.rollout.kv_cache_share
                    )
                    return await _run_pool(pool, context, run, user, report)
    finally:
        meter.release_teacher(time.monotonic())


def _toolbox(
    run: Run, resources: Resources, dialect: Dialect, user: UserModel | None
) -> AbstractContextManager[Toolbox]:
    settings = run.settings
    given = replace(resources, dialect=dialect.name, servers=tuple(settings.environments.mcp), user=user)
    return open_toolbox(given.with_sandbox(settings.sandbox), settings.rollout, settings.state / "worlds")


def _with_library(
    resources: Resources, con: "duckdb.DuckDBPyConnection", settings: Settings, note: Callable[[str], None]
) -> Resources:
    """The resources with the night's library, and its dense index where the settings choose one."""
    library = open_library(con, settings.state, note)
    return with_dense_index(replace(resources, library_path=library), settings.environments.dense, settings.state, note)


def _show_teacher(run: Run, teacher: Teacher, dialect: Dialect, report: ProgressCallback) -> None:
    """Show what the teacher is and which sampling is in force, and keep it in the run's status."""
    sampling = attempt_sampling(run.settings.teacher, teacher.identity, 0)
    facts = teacher_facts(teacher.identity, dialect, sampling)
    if short := shortage(run.settings, run.planned["composer"].to_pylist(), teacher.identity.context):
        facts = [*facts, ("context", short)]
    save_status(run.meter.describe(teacher.identity, facts), run.settings.state)
    for name, value in facts:
        line = visible(f"{name}: {value}", lines=False)
        LOG.info("%s", line)
        report(0, run.planned.num_rows, line)


async def _run_pool(
    pool: Pool, context: RolloutContext, run: Run, user: UserModel | None, report: ProgressCallback
) -> str | None:
    """Run the pool, and concurrently drain, report progress and check the budget."""
    stopped: list[str] = []
    try:
        async with asyncio.TaskGroup() as group:
            jobs = (
                _drain_often(run),
                _report_progress(pool, context, run, user, report),
                _check_budget(pool, run, user, stopped),
            )
            background = [group.create_task(job) for job in jobs]
            await pool.run(build_plans(run.planned, run.texts, run.settings, run.day, context))
            for task in background:
                task.cancel()
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    finally:
        run.meter.measure(_counted(pool, user), context.teacher.loads(), time.monotonic())
    return stopped[0] if stopped and pool.counts.stopped else None


async def _drain_often(run: Run) -> None:
    last = time.monotonic()
    while True:
        await asyncio.sleep(REPORT_EVERY_S)
        waiting = (await asyncio.to_thread(run.journal.read, "count_finished"))[0][0]
        if waiting >= DRAIN_AT or (waiting and time.monotonic() - last >= DRAIN_EVERY_S):
            await asyncio.to_thread(drain, run.journal, run.lake)
            last = time.monotonic()


def _counted(pool: Pool, user: UserModel | None) -> PoolCounts:
    """The counts of the pool now, with the tokens of the model that plays users."""
    pool.counts.user_tokens = user.sampled_tokens if user else 0
    return pool.counts


async def _report_progress(
    pool: Pool, context: RolloutContext, run: Run, user: UserModel | None, report: ProgressCallback
) -> None:
    while True:
        status = run.meter.measure(_counted(pool, user), context.teacher.loads(), time.monotonic())
        save_status(status, run.settings.state)
        report(status.done, status.planned, progress_line(status))
        await asyncio.sleep(REPORT_EVERY_S)


async def _check_budget(pool: Pool, run: Run, user: UserModel | None, stopped: list[str]) -> None:
    meter = run.meter
    while not stopped:
        counts = _counted(pool, user)
        reached = meter.budget.reached(counts.sampled_tokens + counts.user_tokens, meter.seconds(time.monotonic()))
        if reached:
            pool.stop(reached)
            stopped.append(reached)
        await asyncio.sleep(BUDGET_CHECK_EVERY_S)


def _factories(note: Callable[[str], None]) -> Factories:
    from flows.rollout.dialects.open import open_dialect
    from flows.rollout.engines.open import open_teacher

    return Factories(partial(open_teacher, on_progress=note), open_dialect)


def _counts(status: RunStatus, unfinished: dict[str, int], recovered: Recovered | None) -> Counts:
    counts: Counts = {
        "planned": status.planned,
        "finished": status.finished,
        "given_up": status.given_up,
        "pending": status.pending,
        "turns": status.turns,
        "sampled_tokens": status.sampled_tokens,
    }
    counts |= {f"fault:{code}": n for code, n in sorted(status.faults.items())}
    if status.ending == "budget":
        resumed, new = unfinished.get("budget", 0), unfinished.get("not_started", 0)
        counts["stopped"] = f"{status.detail} reached; the next run resumes {resumed} attempts and starts {new}"
    return counts | ({"journal": str(recovered)} if recovered else {})
