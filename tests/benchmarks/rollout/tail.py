"""Measures the tail of a night, while slots are empty: longest expected first, against first in, first out.

Attempts' lengths are log-normal, around a median that differs by composer. Every turn takes the same time, so times
are given in turns. The expected length is the composer's mean in one past night, which the factory has rolled out; it
never knows the true length. First in, first out is the same night planned without a past, in the order of ids. All
but the teacher is the factory's own code.
"""

import math
import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import fmean

from flows.rollout.protocol import Completion, Sampling
from flows.rollout.run import Factories, run_rollout
from flows.settings import Settings
from schemas import Task
from tests.benchmarks.figure import Figure
from tests.doubles.lakes.wiki_tasks import wiki_task
from tests.doubles.sites import small_wiki
from tests.doubles.teachers.scripted import Script, ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName

PAST, NIGHT = date(2026, 1, 2), date(2026, 1, 3)
COMPOSERS = {"short": 4, "middling": 8, "long": 16, "longest": 28}
"""Median turns of each composer's tasks."""
SIGMA = 0.6
MOST_TURNS = 100
FIGURES = ("rollout.tail",)


@dataclass(frozen=True)
class Size:
    """Slots of the pool, attempts of the night and of the past one, seconds per turn, and seeds (whose mean counts)."""

    slots: int
    attempts: int
    past_attempts: int
    turn_s: float
    seeds: range


FULL, SMOKE = Size(16, 96, 64, 0.06, range(4)), Size(2, 6, 4, 0.01, range(1))


@dataclass
class Timed(ScriptedTeacher):
    """A scripted teacher that records when each session's first request began and its last one ended."""

    spans: dict[str, list[float]] = field(default_factory=dict)

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """The scripted completion."""
        span = self.spans.setdefault(session, [time.perf_counter(), 0.0])
        completion = await super().generate(prompt_ids, sampling, session)
        span[1] = time.perf_counter()
        return completion

    def tail(self, slots: int) -> float:
        """Seconds from the last moment with every slot full to the end."""
        moments = sorted(
            [(begin, 1) for begin, _ in self.spans.values()] + [(end, -1) for _, end in self.spans.values()]
        )
        full, inside = moments[0][0], 0
        for moment, change in moments:
            if change < 0 and inside == slots:
                full = moment
            inside += change
        return moments[-1][0] - full


def figures(size: Size) -> Iterator[Figure]:
    """The ratio of both mean tails over the seeds."""
    known, unknown = zip(*(_tails(size, seed) for seed in size.seeds), strict=True)
    each = ", ".join(f"{one:.0f} against {other:.0f}" for one, other in zip(known, unknown, strict=True))
    yield Figure(
        "rollout.tail", round(fmean(known) / fmean(unknown), 3), "ratio",
        f"first in, first out; turns from the last full slot to the end, by seed: {each}",
    )  # fmt: skip


def _tails(size: Size, seed: int) -> tuple[float, float]:
    """The tails, in turns, of a night planned from a past night, and of one planned without."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate(
            {
                "home": Path(folder),
                "rollout": {"max_in_flight": size.slots, "max_observation_chars": 64, "max_repeated_calls": 200},
            }
        )
        _roll_out(settings, PAST, size.past_attempts, seed, 0.0)
        known = _roll_out(settings, NIGHT, size.attempts, seed, size.turn_s)
        shutil.rmtree(settings.home / "lake")
        shutil.rmtree(settings.state)
        unknown = _roll_out(settings, NIGHT, size.attempts, seed, size.turn_s)
    return known.tail(size.slots) / size.turn_s, unknown.tail(size.slots) / size.turn_s


def _roll_out(settings: Settings, day: date, attempts: int, seed: int, turn_s: float) -> Timed:
    chance, lake = random.Random(f"{seed} {day}"), Lake(settings.lake)
    composers = {day.day * 1_000 + at: chance.choice(list(COMPOSERS)) for at in range(attempts)}
    turns = {
        number: min(MOST_TURNS, max(1, round(COMPOSERS[one] * math.exp(chance.gauss(0, SIGMA)))))
        for number, one in composers.items()
    }
    small_wiki.write_small_wiki(lake, day)
    tasks = [
        wiki_task(day, number, composer=composer, hops=1, samples=1, max_turns=MOST_TURNS + 1)
        for number, composer in composers.items()
    ]
    lake.write(Task, tasks, PartName(day, "by-hand", 0))
    teacher = Timed(_speaking(turns), delay_s=turn_s)
    counts = run_rollout(settings, day, silent, Factories(opening(teacher), open_tiny_dialect))
    if counts["finished"] != attempts:
        raise RuntimeError(f"{attempts} attempts were planned: {counts}")
    return teacher


def _speaking(turns: Mapping[int, int]) -> Script:
    """A script that searches until the task's last turn, and then gives the answer."""

    def say(prompt: str, seed: int) -> str:
        number = int(prompt.split("? (", 1)[1].split(")", 1)[0])
        place = spoken(prompt) + 1
        return "Varnay" if place >= turns[number] else call("search", query=f"lighthouse {place}")

    return say
