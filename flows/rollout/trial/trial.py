"""Tries the teacher of the settings: starts or joins it, runs the episodes, measures its servers, and judges it.

Everything is written to a folder of the caller, apart from the logs of servers that the trial starts. A started
server ends with the trial, however the trial ends.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from flows.rollout.dialects.open import open_dialect, prove_dialect
from flows.rollout.engines.open import open_teacher
from flows.rollout.monitor.teacher_facts import Fact, teacher_facts
from flows.rollout.monitor.throughput import ServerTotals
from flows.rollout.pool.admission import max_in_flight
from flows.rollout.protocol import Dialect, Identity, Teacher, TeacherError
from flows.rollout.sampling import attempt_sampling
from flows.rollout.server_load import Load
from flows.rollout.trial.episodes import Episode, run_episodes
from flows.rollout.trial.exactness import Exactness
from flows.rollout.trial.recorder import Recorder
from flows.rollout.trial.speed import Probe, ServerSpeed
from flows.settings import Settings
from flows.settings import Teacher as TeacherSettings
from warehouse.console.progress import ProgressCallback

STEPS = 3
"""Start, episodes, speed."""
METRICS_S = 1.5
"""Seconds after which every server's metrics have been read once more."""

OpenTeacher = Callable[[TeacherSettings, Path], AbstractAsyncContextManager[Teacher]]
OpenDialect = Callable[[TeacherSettings, Teacher], Dialect]


@dataclass(frozen=True)
class Trial:
    """The figures of one trial; None is a figure that the engine does not give."""

    identity: Identity
    dialect: str
    renderer: str
    facts: list[Fact]
    """Model, what the servers offer, window, renderer, thinking and sampling in force."""
    start_s: float
    """Seconds until the teacher was ready."""
    episodes: list[Episode]
    speeds: list[ServerSpeed]
    failure: str | None
    """Error of a server while its speed was measured."""
    loads: list[Load]
    """The servers after the trial."""
    cache_hit: float | None
    """Share of the looked-up prompt tokens that the prefix caches held, by the servers' own counters."""
    preemptions: int
    refusals: int

    @property
    def exactness(self) -> Exactness:
        """All completions of all episodes."""
        return sum((episode.exactness for episode in self.episodes), Exactness(0, 0))

    @property
    def parses(self) -> dict[str, int]:
        """Assistant turns of all episodes by the result of parsing them."""
        names = {name for episode in self.episodes for name in episode.parses}
        return {name: sum(episode.parses.get(name, 0) for episode in self.episodes) for name in sorted(names)}

    @property
    def problem(self) -> str | None:
        """The reason for which the teacher cannot be used; None if it can."""
        failed = next((episode for episode in self.episodes if episode.status == "aborted"), None)
        if failed:
            return f"the episode {failed.name} failed: {failed.error}"
        if self.failure:
            return f"a server failed under load: {self.failure}"
        if self.exactness.equal < self.exactness.compared:
            return f"stored ids and served ids differ: {self.exactness.difference}"
        if not self.parses:
            return f"a context window of {self.identity.context:,} tokens holds no question with its tools"
        if not any(episode.calls for episode in self.episodes):
            return (
                f"no valid tool call in {sum(self.parses.values())} turns ({counted(self.parses)}): the model calls no "
                f"tools, or renderer {self.renderer} does not read its calls (teacher.renderer)"
            )
        return None


def run_trial(
    settings: Settings,
    folder: Path,
    report: ProgressCallback,
    opening_teacher: OpenTeacher | None = None,
    opening_dialect: OpenDialect = open_dialect,
) -> Trial:
    """Try the teacher of the settings; journal and library go into `folder`, which the caller deletes.

    Raises TeacherError, with the next step, if the teacher cannot start.
    """
    opening = opening_teacher or partial(open_teacher, on_progress=partial(_note, report))
    return asyncio.run(_run(settings, folder, report, opening, opening_dialect))


async def _run(
    settings: Settings, folder: Path, report: ProgressCallback, opening: OpenTeacher, opening_dialect: OpenDialect
) -> Trial:
    started, totals = time.monotonic(), ServerTotals()
    report(0, STEPS, "starting the teacher")
    async with opening(settings.teacher, settings.logs) as teacher:
        recorder, dialect = Recorder(teacher), opening_dialect(settings.teacher, teacher)
        await prove_dialect(settings.teacher, dialect, teacher)
        start_s = time.monotonic() - started
        totals.observe(teacher.loads())
        report(1, STEPS, "three episodes")
        episodes = await run_episodes(recorder, dialect, settings, folder)
        report(2, STEPS, "prefill, prefix cache and sampling of each server")
        speeds, failure = await _measure(recorder, settings)
        await asyncio.sleep(METRICS_S)
        counts = totals.observe(teacher.loads())
        report(STEPS, STEPS)
        facts, names = _facts(settings, teacher, dialect), (dialect.name, dialect.renderer)
        measured: dict[str, Any] = {name: counts[name] for name in ("cache_hit", "preemptions", "refusals")}
        return Trial(teacher.identity, *names, facts, start_s, episodes, speeds, failure, teacher.loads(), **measured)


def _facts(settings: Settings, teacher: Teacher, dialect: Dialect) -> list[Fact]:
    limit = settings.rollout.max_repetitions
    sampling = attempt_sampling(settings.teacher, teacher.identity, settings.teacher.seed, limit)
    return teacher_facts(teacher.identity, dialect, sampling)


async def _measure(recorder: Recorder, settings: Settings) -> tuple[list[ServerSpeed], str | None]:
    """The speed of each server, none if no episode got a reply; and the failure of a server under load."""
    if not recorder.exchanges:
        return [], None
    first = {one.session: one.prompt_ids for one in reversed(recorder.exchanges)}
    probe = Probe(recorder.teacher, list(first.values()), recorder.exchanges[0].sampling)
    try:
        return await probe.measure(max_in_flight(settings)), None
    except TeacherError as error:
        return [], str(error)


def _note(report: ProgressCallback, note: str) -> None:
    report(0, STEPS, f"starting the teacher: {note}")


def counted(counts: dict[str, int]) -> str:
    """The counts in words, the largest first: `ok 7, invalid_json 2`."""
    return ", ".join(f"{name} {n:,}" for name, n in sorted(counts.items(), key=lambda one: -one[1])) or "none"
