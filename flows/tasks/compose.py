"""Composes the tasks of one night: candidates become drafts, drafts become tasks, until there are enough.

Every candidate is counted as a task or as a refusal with a reason. Tasks are written in small parts as they are made,
the hidden truth of each part before it; a night that runs again keeps its tasks and adds the rest, the same ones that
an uninterrupted run would have made.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import date
from functools import cache
from itertools import islice
from pathlib import Path
from threading import Lock

import duckdb

from flows.domains.contract import Writer, WrongSetting
from flows.environments.library import open_library, with_dense_index
from flows.environments.resources import Resources
from flows.settings import Settings, SettingsError, Teacher
from flows.tasks.aim import aim_of
from flows.tasks.attempts import Attempts
from flows.tasks.composers import chosen_composers, quotas
from flows.tasks.graph import read_facts
from flows.tasks.mix import default_mix, is_default
from flows.tasks.night import Composed, TaskNight, made_earlier
from flows.tasks.probes.probe import Probes
from flows.tasks.workers import opened_workers
from schemas.task import Hidden, Refusal, Task
from warehouse.connect import connect
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake

OpenWriter = Callable[[Teacher, Path], AbstractContextManager[Writer]]
"""Opens the teacher, for composers that need one."""

PART_TASKS = 8
"""Tasks per part: a kill loses at most so many."""


def run_tasks(
    settings: Settings, day: date, report: ProgressCallback, open_writer: OpenWriter, workers: int | None = None
) -> dict[str, int | str]:
    """Compose the night's tasks into the lake; the same ones with any number of `workers` (None: by cores).

    Returns counts: tasks `already` in the lake, `candidates`, and of these `composed` (also by composer) and `refused`
    (also by reason); `short` by domain: tasks missing from its quota, which other domains made as far as they could;
    `left_out` by domain of the default mix: the reason why this machine cannot run it.
    Raises SettingsError on unknown composers, domains or packages, TeacherError if a needed teacher fails.
    """
    chosen, lake, spill = quotas(settings), Lake(settings.lake), settings.state / "spill"
    with connect(lake, spill=spill, memory_limit=settings.tasks.memory_limit) as con, ExitStack() as opened:
        write = _opened_on_use(lambda: opened.enter_context(open_writer(settings.teacher, settings.logs)))
        resources = _resources(settings, lake, con, day, report)
        made, probes = made_earlier(con, day), Probes(settings, write, resources)
        wanted = settings.tasks.per_night - made.total
        at_work = opened.enter_context(opened_workers(settings, wanted, workers))
        attempts = Attempts(day, probes, aim_of(con, day, settings.tasks), at_work)
        night = TaskNight(settings.tasks, day, con, chosen, attempts, made, resources, settings.environments)
        report(night.already, settings.tasks.per_night)
        tasks = _counted(night, settings.tasks.per_night, report)
        while part := _next_part(tasks):
            _write_part(lake, day, part)
    if refusals := night.refusals():
        lake.write(Refusal, refusals, lake.next_part(day, "tasks", Refusal))
    counts = night.counts()
    shown: dict[str, int | str] = {
        name: counts[name] for name in ("already", "candidates", "composed", "refused", *sorted(counts))
    }
    missing = default_mix(settings).left_out if is_default(settings) else {}
    return shown | {f"left_out:{name}": reason for name, reason in missing.items()}


def _counted(night: TaskNight, wanted: int, report: ProgressCallback) -> Iterator[Composed]:
    """The tasks of a night, each reported as it is made."""
    for n, task in enumerate(night.tasks(), night.already + 1):
        report(n, wanted)
        yield task


def _next_part(tasks: Iterator[Composed]) -> list[Composed]:
    try:
        return list(islice(tasks, PART_TASKS))
    except WrongSetting as error:
        raise SettingsError(str(error)) from error


def _resources(
    settings: Settings, lake: Lake, con: duckdb.DuckDBPyConnection, day: date, report: ProgressCallback
) -> Resources:
    """The resources of composers and probes: the library and the pages' facts only where a composer draws from them."""

    def note(text: str) -> None:
        report(0, settings.tasks.per_night, text)

    found = Resources(blocklist=tuple(settings.blocklist))
    if any(composer.reads_graph for _, composer in chosen_composers(settings)):
        read_facts(lake, con, day, report)
        library = open_library(con, settings.state, note)
        found = with_dense_index(
            replace(found, library_path=library), settings.environments.dense, settings.state, note
        )
    return found.with_sandbox(settings.sandbox)


def _write_part(lake: Lake, day: date, part: Sequence[Composed]) -> None:
    """Write the hidden truth, then the tasks: a kill in between leaves no task without it."""
    name = lake.next_part(day, "tasks", Task)
    if hidden := [one for _, one in part if one]:
        lake.write(Hidden, hidden, name)
    lake.write(Task, [task for task, _ in part], name)


def _opened_on_use(open_teacher: Callable[[], Writer]) -> Writer:
    """A writer that opens the teacher when a composer first uses it, from any thread: most composers need none."""
    opened, opening = cache(open_teacher), Lock()

    def write(system: str, text: str) -> str:
        with opening:
            writer = opened()
        return writer(system, text)

    return write
