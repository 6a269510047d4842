"""Runs the rollout of a day: plans attempts, starts the teacher, fills the pool and drains finished trajectories.

Finished trajectories reach the lake while others run, so that they can be queried. Unfinished attempts resume from the
journal in the next run. Without planned attempts no teacher is started. A budget ends the run between two turns.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from flows import event_loop
from flows.domains.lengths import shortage
from flows.environments.library import open_library, with_dense_index
from flows.environments.resources import Resources
from flows.rollout.briefs import check_planned, needs_library
from flows.rollout.dialects.open import prove_dialect
from flows.rollout.journal.drain import drain
from flows.rollout.journal.recovery import Recovered, open_journal
from flows.rollout.monitor.accounting import record_killed_run
from flows.rollout.monitor.run_status import RunStatus, save_status
from flows.rollout.monitor.status_display import progress_line
from flows.rollout.monitor.teacher_facts import teacher_facts
from flows.rollout.pool.counts import PoolCounts
from flows.rollout.protocol import Dialect, Teacher
from flows.rollout.run_record import Run, open_run
from flows.rollout.sampling import attempt_sampling
from flows.rollout.server_load import Load
from flows.rollout.shards.journals import gather
from flows.rollout.shards.processes import ShowProgress, check_processes, work_in_processes
from flows.rollout.tools.toolbox import remove_abandoned
from flows.rollout.work import Factories, Work, default_factories, work
from flows.settings import Settings
from warehouse.connect import connect
from warehouse.console.progress import ProgressCallback
from warehouse.console.terminal import visible
from warehouse.lake import Lake

if TYPE_CHECKING:
    import duckdb

LOG = logging.getLogger(__name__)
__all__ = ["Counts", "Factories", "run_rollout"]
Counts = dict[str, int | str]
BUDGET_CHECK_EVERY_S = 0.02
"""Seconds between budget checks: a run exceeds its budget by at most this long, and by the turns in flight."""
REPORT_EVERY_S = 0.5


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
    journal, damage = open_journal(settings.state / "journal.sqlite", lake)
    with journal:
        recovered = [*([damage] if damage else []), *gather(settings.state, lake, journal)]
        drain(journal, lake)
        with connect(lake, spill=settings.state / "spill") as con:
            record_killed_run(settings.state, lake, con)
            run = open_run(settings, day, journal, con, since)
            total = run.planned.num_rows
            report(0, total)
            if not total:
                return _counts(run.meter.status, {}, recovered)
            check_planned(run.planned, settings.rollout)
            check_processes(settings)
            resources = Resources(blocklist=tuple(settings.blocklist))
            if needs_library(run.planned):
                resources = _with_library(resources, con, settings, lambda note: report(0, total, note))
        try:
            stopped = event_loop.run(_roll_out(run, resources, factories, report))
            unfinished = run.end("budget" if stopped else "done", stopped or "")
        except BaseException as error:
            run.fail(error)
            raise
    status = run.meter.status
    counts = _counts(status, unfinished, recovered)
    report(status.done, total, str(counts.get("stopped", f"{status.aborted} to be retried" if status.aborted else "")))
    return counts


async def _roll_out(
    run: Run, resources: Resources, factories: Factories | None, report: ProgressCallback
) -> str | None:
    """Open the teacher and work all attempts, in one process or several; return the budget that stopped them."""
    settings, meter = run.settings, run.meter
    opening = factories or default_factories(
        lambda note: report(0, run.planned.num_rows, f"starting the teacher: {note}")
    )
    report(0, run.planned.num_rows, "starting the teacher")
    meter.acquire_teacher(time.monotonic())
    save_status(meter.status, settings.state)
    remove_abandoned(settings.state / "worlds", {row[0] for row in run.journal.read("attempt_ids")})

    async def opened(teacher: Teacher, dialect: Dialect) -> None:
        await prove_dialect(settings.teacher, dialect, teacher)
        _show_teacher(run, teacher, dialect, report)

    @asynccontextmanager
    async def open_proven() -> AsyncIterator[Teacher]:
        async with opening.teacher(settings.teacher, settings.logs) as teacher:
            await opened(teacher, opening.dialect(settings.teacher, teacher))
            yield teacher

    def progress(counts: PoolCounts, loads: Sequence[Load]) -> None:
        status = meter.measure(counts, loads, time.monotonic())
        save_status(status, settings.state)
        report(status.done, status.planned, progress_line(status))

    try:
        if settings.rollout.processes > 1:
            return await work_in_processes(run, resources, factories, open_proven(), progress)
        ended = await work(run, resources, opening, opened, partial(_watch, progress))
        return ended.stopped if ended.pool.counts.stopped else None
    finally:
        meter.release_teacher(time.monotonic())


def _watch(progress: ShowProgress, work: Work) -> list[Coroutine[Any, Any, None]]:
    return [_report_progress(progress, work), _check_budget(work)]


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


async def _report_progress(progress: ShowProgress, work: Work) -> None:
    while True:
        progress(work.counts(), work.loads())
        await asyncio.sleep(REPORT_EVERY_S)


async def _check_budget(work: Work) -> None:
    while not work.stopped:
        if reached := work.run.meter.reached(work.counts(), time.monotonic()):
            work.stop(reached)
        await asyncio.sleep(BUDGET_CHECK_EVERY_S)


def _counts(status: RunStatus, unfinished: dict[str, int], recovered: Sequence[Recovered]) -> Counts:
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
    return counts | ({"journal": "; ".join(map(str, recovered))} if recovered else {})
