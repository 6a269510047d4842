"""Attempts at composing: each candidate becomes a probed task with its hidden truth, or a reason why not.

Drafts that can overlap are made ahead, by worker processes or by threads. The attempts come in the order of the
candidates, so that a night has the same tasks on any number of cores.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from flows.domains import composers
from flows.domains.contract import Candidate, Composer, Domain, Overlap, Refused
from flows.settings import Settings
from flows.tasks.aim import Aim
from flows.tasks.probes.probe import Probes
from flows.tasks.rows import hidden_row, task_row
from flows.tasks.workers import Workers
from schemas.task import Hidden, Task

AHEAD = {Overlap.NONE: 0, Overlap.THREADS: 1, Overlap.PROCESSES: 2}
"""Candidates in work or waiting for each composer and worker."""


class WorkerDied(RuntimeError):
    """A worker process ended while it composed."""


@dataclass(frozen=True)
class Attempt:
    """The task of one candidate, or the reason that there is none."""

    task: Task | None
    """None if no task could be made, also if the probes refuse it."""
    hidden: Hidden | None = None
    task_id: str | None = None
    """Known as soon as there is a draft."""
    reason: str = ""
    """Why there is no task."""


@dataclass(frozen=True)
class Attempts:
    """Makes the attempts of a night."""

    day: date
    probes: Probes
    aim: Aim = field(default_factory=Aim)
    workers: Workers = field(default_factory=Workers)

    def of(
        self, domain: Domain, group: Sequence[Composer], candidates: Iterator[Candidate], wanted: Callable[[], int]
    ) -> Iterator[tuple[Composer, Candidate, Attempt]]:
        """Each candidate with its attempt, in their order; composers of equal candidates take turns.

        No more drafts are in work than tasks are `wanted` of the group, so that the last ones are not made in vain.
        """
        ahead = min(AHEAD[composer.overlap] * self.workers.count(composer.overlap) for composer in group)
        begun = deque[tuple[Composer, Candidate, Callable[[], Attempt]]]()
        for candidate in candidates:
            composer = group[candidate.number % len(group)]
            begun.append((composer, candidate, self._begun(domain, composer, candidate, group)))
            while len(begun) >= max(1, min(ahead + 1, wanted())):
                first, raw, result = begun.popleft()
                yield first, raw, result()
        yield from ((composer, candidate, result()) for composer, candidate, result in begun)

    def _begun(
        self, domain: Domain, composer: Composer, candidate: Candidate, group: Sequence[Composer]
    ) -> Callable[[], Attempt]:
        knob = composer.knob(candidate) if composer.knob else ""
        if not self.aim.takes(composer, knob, candidate.number, group):
            return partial(Attempt, None, reason="pass_rate_outside_band")
        given = domain, composer, candidate, self.probes, self.day
        if composer.overlap is Overlap.THREADS and self.workers.threads:
            return self.workers.threads.submit(attempt, *given).result
        if composer.overlap is Overlap.PROCESSES and self.workers.processes:
            begun = self.workers.processes.submit(
                _attempt_apart, composer.name, candidate, self.probes.settings, self.day
            )
            return partial(_result, composer, begun)
        return partial(attempt, *given)


def attempt(domain: Domain, composer: Composer, candidate: Candidate, probes: Probes, day: date) -> Attempt:
    """Compose a task of a candidate and probe it. Raises TeacherError if the composer needs a teacher that fails."""
    task_id = None
    try:
        draft = composer.compose(candidate, probes.write)
        if composer.knob:
            draft = replace(draft, difficulty=draft.difficulty | {"knob": composer.knob(candidate)})
        task = task_row(domain, composer, draft, probes.settings.tasks, day)
        task_id, hidden = task.task_id, hidden_row(task, draft)
        return Attempt(probes.probed(domain, task, hidden), hidden, task_id)
    except Refused as refusal:
        return Attempt(None, None, task_id, str(refusal))


def _result(composer: Composer, begun: Future[Attempt]) -> Attempt:
    try:
        return begun.result()
    except BrokenProcessPool as error:
        raise WorkerDied(
            f"a process that composes tasks of {composer.name} ended, as it does when memory runs out: the tasks so "
            "far are kept; run `factory tasks` again"
        ) from error


def _attempt_apart(composer: str, candidate: Candidate, settings: Settings, day: date) -> Attempt:
    """An attempt in a worker process, where no teacher can be asked."""
    domain, chosen = composers()[composer]
    return attempt(domain, chosen, candidate, Probes(settings, _no_teacher), day)


def _no_teacher(system: str, text: str) -> str:
    raise RuntimeError("a composer with Overlap.PROCESSES asked the teacher; choose another overlap in its definition")
