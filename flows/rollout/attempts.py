"""One night's rollout: which attempts are still to be made, who makes them, and where their rows go.

Whatever is finished goes to the lake while the others work, so that it can be queried; whatever is not
goes on from the journal the next time. With nothing to do no teacher is started.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from flows.domains import domain
from flows.rollout.agent import Brief, turn_seed
from flows.rollout.drain import drain
from flows.rollout.engine import Dialect, Sampling, Teacher
from flows.rollout.journal import Journal, sql
from flows.rollout.outcome import Plan
from flows.rollout.pool import Crew, Pool
from flows.rollout.salvage import Saved, open_journal
from flows.rollout.toolbox import ARGUMENTS, Toolbox, library_skills
from flows.rollout.verify import VERIFIERS
from flows.settings import Settings
from schemas.prompt import prompt
from schemas.task import Task
from schemas.trajectory import trajectory_id
from sources.library import Library, Page
from warehouse.connect import connect
from warehouse.lake import Lake
from warehouse.progress import Report

OpenTeacher = Callable[[Settings], AbstractAsyncContextManager[Teacher]]
OpenDialect = Callable[[Settings, Teacher], Dialect]
IN_FLIGHT = {"embedded": 4, "vllm": 1_024}
DRAIN_EVERY_S = 5.0
DRAIN_AT = 32
"""Finished trajectories that are drained before the time is up."""
TELL_EVERY_S = 0.5


class RolloutError(Exception):
    """The planned tasks cannot be rolled out; the message names what they ask for and what there is."""


@dataclass(frozen=True)
class Staff:
    """How the night's teacher and dialect are opened; tests bring their own."""

    teacher: OpenTeacher
    dialect: OpenDialect


@dataclass(frozen=True)
class Night:
    """What one night works with."""

    settings: Settings
    day: date
    lake: Lake
    journal: Journal
    planned: pa.Table
    """Attempts to be made, the longest expected first: a sample beside its task's columns."""


def roll_out_night(settings: Settings, day: date, report: Report, staff: Staff | None = None) -> dict[str, int | str]:
    """Make every planned attempt that has no trajectory yet; returns counts.

    Raises JournalLocked before anything is spent, RolloutError on tasks that ask for what is not there,
    TeacherError when the teacher cannot be started or answers nobody. What was committed is kept.
    """
    lake = Lake(settings.lake)
    journal, saved = open_journal(settings.state / "journal.sqlite", lake)
    with journal:
        drain(journal, lake)
        with connect(lake, spill=settings.state / "spill") as con:
            night = Night(settings, day, lake, journal, con.sql(sql("planned")).to_arrow_table())
            total = night.planned.num_rows
            report(0, total)
            if not total:
                return _counts(total, None, saved)
            _check(night.planned)
            library = _library(con, settings.state / "library", lambda note: report(0, total, note))
        try:
            pool = asyncio.run(_roll_out(night, library, staff or _staff(), report))
        finally:
            drain(journal, lake)
    report(total, total, f"{pool.tally.aborted} to be tried again" if pool.tally.aborted else "")
    return _counts(total, pool, saved)


async def _roll_out(night: Night, library: Library, staff: Staff, report: Report) -> Pool:
    settings = night.settings
    report(0, night.planned.num_rows, "starting the teacher")
    async with staff.teacher(settings) as teacher:
        dialect = staff.dialect(settings, teacher)
        with Toolbox(library_skills(library, dialect.name), settings.rollout) as toolbox:
            in_flight = settings.rollout.in_flight or IN_FLIGHT[settings.teacher.engine]
            crew = Crew(teacher, dialect, toolbox, night.journal)
            pool = Pool(crew, in_flight, settings.rollout.attempts, settings.rollout.kv_share)
            await _beside(pool, _plans(night, crew), night, report)
    return pool


async def _beside(pool: Pool, plans: Iterable[Plan], night: Night, report: Report) -> None:
    """Run the pool, with the lake kept current and the progress told beside it."""
    try:
        async with asyncio.TaskGroup() as group:
            company = [group.create_task(_drain_often(night)), group.create_task(_tell(pool, night, report))]
            await pool.run(plans)
            for one in company:
                one.cancel()
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _drain_often(night: Night) -> None:
    last = time.monotonic()
    while True:
        await asyncio.sleep(TELL_EVERY_S)
        waiting = (await asyncio.to_thread(night.journal.read, "done_count"))[0][0]
        if waiting >= DRAIN_AT or (waiting and time.monotonic() - last >= DRAIN_EVERY_S):
            await asyncio.to_thread(drain, night.journal, night.lake)
            last = time.monotonic()


async def _tell(pool: Pool, night: Night, report: Report) -> None:
    begun = time.monotonic()
    while True:
        await asyncio.sleep(TELL_EVERY_S)
        tally = pool.tally
        seconds = time.monotonic() - begun
        rates = f"{tally.turns / seconds:.1f} turns/s, {tally.sampled_tokens / seconds:.0f} tok/s"
        report(tally.finished + tally.given_up, night.planned.num_rows, f"{tally.in_flight} in flight, {rates}")


def _plans(night: Night, crew: Crew) -> Iterator[Plan]:
    """The planned attempts, each made when its turn comes."""
    for batch in night.planned.to_batches(max_chunksize=256):
        for row in batch.to_pylist():
            sample, expected = row.pop("sample"), row.pop("expected_tokens")
            task = Task.model_validate(row)
            yield Plan(task, sample, _brief(night, crew, task, sample), expected)


def _brief(night: Night, crew: Crew, task: Task, sample: int) -> Brief:
    name, asked = trajectory_id(task.task_id, sample), night.settings.teacher
    seed = turn_seed(asked.seed, name)
    return Brief(
        trajectory_id=name,
        run_id=night.day.isoformat(),
        system=_system(task, crew.dialect),
        instruction=task.instruction,
        tools=crew.toolbox.tools(task.tools),
        max_turns=task.max_turns,
        max_tokens=min(task.max_tokens, asked.context, crew.teacher.identity.context),
        max_seconds=task.max_seconds,
        same_call_limit=night.settings.rollout.same_call_limit,
        sampling=Sampling(asked.temperature, asked.top_p, asked.max_completion, seed),
    )


def _system(task: Task, dialect: Dialect) -> str:
    kind = domain(task.domain)
    return prompt(kind.text_prompt if dialect.name == "text" else kind.chat_prompt).text.strip()


def _check(planned: pa.Table) -> None:
    for column, known in (("tools", set(ARGUMENTS)), ("verifiers", set(VERIFIERS))):
        asked = {name for names in planned.column(column).to_pylist() for name in names}
        if asked - known:
            raise RolloutError(
                f"planned tasks ask for {column} {', '.join(sorted(asked - known))}; "
                f"there are {', '.join(sorted(known))}. Add them, or compose the tasks again."
            )


def _library(con: duckdb.DuckDBPyConnection, folder: Path, tell: Callable[[str], None]) -> Library:
    """The library of the lake's newest pages, built when no earlier night did."""
    snapshot, n_pages = con.sql(sql("snapshot")).fetchall()[0]
    path = folder / str(snapshot)
    if not path.exists():
        tell(f"building the library of {n_pages} pages")
        rows = con.sql(sql("library_pages")).to_arrow_reader(256)
        Library.build(path, (Page(**row) for batch in rows for row in batch.to_pylist()))
    return Library.open(path)


def _staff() -> Staff:
    from flows.rollout.teacher import open_dialect, open_teacher

    return Staff(open_teacher, open_dialect)


def _counts(total: int, pool: Pool | None, saved: Saved | None) -> dict[str, int | str]:
    tally = pool.tally if pool else None
    counts: dict[str, int | str] = {
        "planned": total,
        "finished": tally.finished if tally else 0,
        "given_up": tally.given_up if tally else 0,
        "pending": total - tally.finished - tally.given_up if tally else 0,
        "turns": tally.turns if tally else 0,
        "sampled_tokens": tally.sampled_tokens if tally else 0,
    }
    return counts | ({"journal": str(saved)} if saved else {})
