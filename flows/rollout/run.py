"""One night's rollout: which attempts are still to be made, who makes them, and where their rows go.

Whatever is finished goes to the lake while the others work, so that it can be queried; whatever is not
goes on from the journal the next time. With nothing to do no teacher is started. A budget ends the run at
a turn.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

import duckdb

from flows.domains.contract import Resources
from flows.rollout.briefs import build_plans, check_planned
from flows.rollout.journal.drain import drain
from flows.rollout.journal.recovery import Recovered, open_journal
from flows.rollout.monitor.accounting import write_down_killed
from flows.rollout.monitor.run_status import Live, save
from flows.rollout.monitor.status_display import line
from flows.rollout.pool.pool import Pool, RolloutContext
from flows.rollout.protocol import Dialect, Teacher
from flows.rollout.run_record import Night, open_night
from flows.rollout.tools.toolbox import open_toolbox
from flows.settings import Settings
from sources.index.library import Library, Page
from warehouse.connect import connect, sql_files
from warehouse.console.progress import Report
from warehouse.lake import Lake

OpenTeacher = Callable[[Settings], AbstractAsyncContextManager[Teacher]]
OpenDialect = Callable[[Settings, Teacher], Dialect]
Counts = dict[str, int | str]
IN_FLIGHT = {"embedded": 4, "vllm": 1_024}
DRAIN_EVERY_S = 5.0
DRAIN_AT = 32
"""Finished trajectories that are drained before the time is up."""
LOOK_EVERY_S = 0.02
"""How often the budget is looked at: a run spends no more beyond it than this, and the turns in flight."""
TELL_EVERY_S = 0.5


@dataclass(frozen=True)
class Factories:
    """Functions that open the teacher and the dialect of a run; tests pass their own."""

    teacher: OpenTeacher
    dialect: OpenDialect


def run_rollout(
    settings: Settings, day: date, report: Report, factories: Factories | None = None, since: datetime | None = None
) -> Counts:
    """Make every planned attempt that has no trajectory yet, within the settings' budget; returns counts.

    `since` is when this run first began, where it is tried again: the budget holds for all tries together.
    Raises JournalLocked before anything is spent, RolloutError on tasks that ask for what is not there,
    TeacherError when the teacher cannot be started or answers nobody. What was committed is kept.
    """
    lake = Lake(settings.lake)
    journal, saved = open_journal(settings.state / "journal.sqlite", lake)
    with journal:
        drain(journal, lake)
        with connect(lake, spill=settings.state / "spill") as con:
            write_down_killed(settings.state, lake, con)
            night = open_night(settings, day, journal, con, since)
            total = night.planned.num_rows
            report(0, total)
            if not total:
                return _counts(night.meter.live, {}, saved)
            check_planned(night.planned)
            library = _library(con, settings, lambda what: report(0, total, what))
        chosen = factories or _factories(lambda what: report(0, total, f"starting the teacher: {what}"))
        try:
            stopped = asyncio.run(_roll_out(night, library, chosen, report))
            left = night.end("budget" if stopped else "done", stopped or "")
        except BaseException as error:
            night.abandon(error)
            raise
    live = night.meter.live
    counts = _counts(live, left, saved)
    report(live.done, total, str(counts.get("stopped", f"{live.aborted} to be tried again" if live.aborted else "")))
    return counts


async def _roll_out(night: Night, library: Path, factories: Factories, report: Report) -> str | None:
    """Work the night; returns the budget that stopped it, if one did."""
    settings, meter = night.settings, night.meter
    report(0, night.planned.num_rows, "starting the teacher")
    meter.ask(time.monotonic())
    save(meter.live, settings.state)
    try:
        async with factories.teacher(settings) as teacher:
            dialect = factories.dialect(settings, teacher)
            resources = Resources(library, tuple(settings.blocklist))
            with open_toolbox(resources, dialect.name, settings.rollout) as toolbox:
                in_flight = settings.rollout.max_in_flight or IN_FLIGHT[settings.teacher.engine]
                context = RolloutContext(teacher, dialect, toolbox, night.journal)
                pool = Pool(context, in_flight, settings.rollout.max_starts, settings.rollout.kv_cache_share)
                return await _beside(pool, context, night, report)
    finally:
        meter.let_go(time.monotonic())


async def _beside(pool: Pool, context: RolloutContext, night: Night, report: Report) -> str | None:
    """Run the pool, with the lake kept current, the progress told and the budget watched beside it."""
    stopped: list[str] = []
    try:
        async with asyncio.TaskGroup() as group:
            jobs = _drain_often(night), _tell(pool, context, night, report), _watch(pool, night, stopped)
            company = [group.create_task(job) for job in jobs]
            await pool.run(build_plans(night.planned, night.settings, night.day, context))
            for one in company:
                one.cancel()
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    finally:
        night.meter.look(pool.tally, context.teacher.loads(), time.monotonic())
    return stopped[0] if stopped and pool.tally.stopped else None


async def _drain_often(night: Night) -> None:
    last = time.monotonic()
    while True:
        await asyncio.sleep(TELL_EVERY_S)
        waiting = (await asyncio.to_thread(night.journal.read, "count_finished"))[0][0]
        if waiting >= DRAIN_AT or (waiting and time.monotonic() - last >= DRAIN_EVERY_S):
            await asyncio.to_thread(drain, night.journal, night.lake)
            last = time.monotonic()


async def _tell(pool: Pool, context: RolloutContext, night: Night, report: Report) -> None:
    while True:
        live = night.meter.look(pool.tally, context.teacher.loads(), time.monotonic())
        save(live, night.settings.state)
        report(live.done, live.planned, line(live))
        await asyncio.sleep(TELL_EVERY_S)


async def _watch(pool: Pool, night: Night, stopped: list[str]) -> None:
    meter = night.meter
    while not stopped:
        reached = meter.budget.reached(pool.tally.sampled_tokens, meter.seconds(time.monotonic()))
        if reached:
            pool.stop(reached)
            stopped.append(reached)
        await asyncio.sleep(LOOK_EVERY_S)


def _library(con: duckdb.DuckDBPyConnection, settings: Settings, tell: Callable[[str], None]) -> Path:
    """The library of the lake's newest pages, built when no earlier night did."""
    snapshot, n_pages = con.sql(sql_files("rollout")["library_snapshot"]).fetchall()[0]
    path = settings.state / "library" / str(snapshot)
    if not path.exists():
        tell(f"building the library of {n_pages} pages")
        rows = con.sql(sql_files("rollout")["library_pages"]).to_arrow_reader(256)
        Library.build(path, (Page(**row) for batch in rows for row in batch.to_pylist()))
    return path


def _factories(tell: Callable[[str], None]) -> Factories:
    from flows.rollout.dialects.open import open_dialect
    from flows.rollout.engines.open import open_teacher

    return Factories(partial(open_teacher, on_progress=tell), open_dialect)


def _counts(live: Live, left: dict[str, int], recovered: Recovered | None) -> Counts:
    counts: Counts = {
        "planned": live.planned,
        "finished": live.finished,
        "given_up": live.given_up,
        "pending": live.pending,
        "turns": live.turns,
        "sampled_tokens": live.sampled_tokens,
    }
    counts |= {f"fault:{code}": n for code, n in sorted(live.faults.items())}
    if live.ending == "budget":
        cut, new = left.get("budget", 0), left.get("not_started", 0)
        counts["stopped"] = f"{live.detail} reached: {cut} begun and {new} not begun go on with the next run"
    return counts | ({"journal": str(recovered)} if recovered else {})
