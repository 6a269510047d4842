"""Composes the tasks of one night: candidates become drafts, drafts become tasks, until there are enough.

Every candidate is counted as a task or as a refusal with a reason. Tasks are written in small parts as they are made;
a night that runs again keeps its tasks and adds the rest, the same ones that an uninterrupted run would have made.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from datetime import date
from functools import cache
from itertools import islice
from pathlib import Path

import duckdb

from flows.domains import composers as known_composers
from flows.domains.contract import Composer, Corpus, Domain, Draft, Refused, Writer
from flows.settings import Settings, Tasks, Teacher
from flows.tasks.composers import chosen_composers
from schemas.task import Task, task_id
from warehouse.connect import connect, query
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake

OpenWriter = Callable[[Teacher, Path], AbstractContextManager[Writer]]
"""Opens the teacher, for composers that need one."""
Composers = Sequence[tuple[Domain, Composer]]

PART_TASKS = 8
"""Tasks per part: a kill loses at most so many."""


def run_tasks(settings: Settings, day: date, report: ProgressCallback, open_writer: OpenWriter) -> dict[str, int | str]:
    """Compose the night's tasks into the lake.

    Returns counts: tasks `already` in the lake, `candidates`, and of these `composed` (also by composer) and `refused`
    (also by reason). Raises SettingsError on unknown composers, TeacherError if a composer needs a teacher that fails.
    """
    composers, lake = chosen_composers(settings), Lake(settings.lake)
    with (
        connect(lake, spill=settings.state / "spill", memory_limit=settings.tasks.memory_limit) as con,
        ExitStack() as teacher,
    ):
        night = _TaskRun(settings.tasks, day, con)
        report(night.already, settings.tasks.per_night)
        write = _opened_on_use(lambda: teacher.enter_context(open_writer(settings.teacher, settings.logs)))
        for n, part in night.parts(composers, write):
            lake.write(Task, part, lake.next_part(day, "tasks", Task))
            report(night.already + n, settings.tasks.per_night)
    return {
        name: night.counts[name] for name in ("already", "candidates", "composed", "refused", *sorted(night.counts))
    }


def _opened_on_use(open_teacher: Callable[[], Writer]) -> Writer:
    """A writer that opens the teacher when a composer first uses it: most composers need none."""
    opened = cache(open_teacher)

    def write(system: str, text: str) -> str:
        return opened()(system, text)

    return write


def _alternate(sources: list[Iterator[Task]]) -> Iterator[Task]:
    """One task of each source in turn, until all are exhausted; nothing is taken ahead of its turn."""
    while sources:
        for source in list(sources):
            task = next(source, None)
            if task is None:
                sources.remove(source)
            else:
                yield task


class _TaskRun:
    """One night's tasks: those that the lake has, those still wanted, and the counts of its candidates."""

    def __init__(self, settings: Tasks, day: date, con: duckdb.DuckDBPyConnection) -> None:
        self._settings, self._day = settings, day
        composed = con.execute(query("tasks", "composed_tonight"), {"run_id": day.isoformat()}).fetchall()
        known = known_composers()
        self.already = sum(composer in known for composer, _ in composed)
        self.wanted = max(0, settings.per_night - self.already)
        self.counts = Counter(already=self.already)
        self._corpus = Corpus(con, settings, day, self.wanted)

    def parts(self, composers: Composers, write: Writer) -> Iterator[tuple[int, list[Task]]]:
        """The tasks still wanted, PART_TASKS at a time, each time with the number of tasks so far."""
        tasks = islice(self._tasks(composers, write), self.wanted)
        n = 0
        while part := list(islice(tasks, PART_TASKS)):
            n += len(part)
            yield n, part

    def _tasks(self, composers: Composers, write: Writer) -> Iterator[Task]:
        """The tasks of all composers. Those that use the same candidates share them; the groups alternate."""
        groups: dict[object, list[tuple[Domain, Composer]]] = {}
        for domain, composer in composers:
            groups.setdefault(composer.candidates, []).append((domain, composer))
        sources = [self._tasks_of(group, write) for group in groups.values()]
        first = self.already % max(1, len(sources))
        return _alternate([*sources[first:], *sources[:first]])

    def _tasks_of(self, group: Composers, write: Writer) -> Iterator[Task]:
        for candidate in group[0][1].candidates(self._corpus):
            domain, composer = group[candidate.number % len(group)]
            self.counts["candidates"] += 1
            try:
                draft = composer.compose(candidate, write)
            except Refused as refusal:
                self.counts.update(["refused", f"refused:{refusal}"])
                continue
            self.counts.update(["composed", composer.name])
            yield self._task(domain, composer, draft)

    def _task(self, domain: Domain, composer: Composer, draft: Draft) -> Task:
        budget = {name: getattr(self._settings, name) for name in ("max_turns", "max_tokens", "max_seconds", "samples")}
        return Task(
            task_id=task_id(domain.name, draft.instruction, draft.answer, draft.evidence, composer.name),
            domain=domain.name,
            instruction=draft.instruction,
            answer=draft.answer,
            evidence=draft.evidence,
            path=draft.path,
            tools=[tool.name for tool in domain.environment.tools(draft.setup, "chat")],
            verifiers=[verifier.name for verifier in domain.verifiers],
            setup=draft.setup,
            hops=draft.hops,
            difficulty=json.dumps(draft.difficulty),
            composer=composer.name,
            composer_version=composer.version,
            prompt_sha256=composer.prompt.sha256 if composer.prompt else None,
            created_at=draft.created_at,
            run_id=str(self._day),
            **budget,
        )
