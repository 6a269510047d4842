"""How long the slots of a night stand partly empty at its end: longest expected first against first in, first out.

Attempts' lengths are log-normal, around a middle that differs by composer; a turn takes the same time always, so
times are given in turns. What is expected is what the factory knows: it has rolled out one night of the same
composers, and plans the next by their past means, never by the true length. First in, first out is the same night
planned with no past, in the order of ids. Everything but the teacher is the factory's own.
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
from flows.rollout.run import Staff, roll_out_night
from flows.settings import Settings
from schemas import Task
from tests.benchmarks.figure import Figure
from tests.doubles.lakes.wiki_tasks import wiki_task
from tests.doubles.sites import small_wiki
from tests.doubles.teachers.scripted import Script, ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName

PAST, NIGHT = date(2026, 1, 2), date(2026, 1, 3)
SLOTS, ATTEMPTS, PAST_ATTEMPTS = 16, 96, 64
COMPOSERS = {"short": 4, "middling": 8, "long": 16, "longest": 28}
"""Median turns of each composer's tasks."""
SIGMA = 0.6
MOST_TURNS = 100
TURN_S = 0.06
SEEDS = range(4)


@dataclass
class Timed(ScriptedTeacher):
    """Notes when each session spoke first and last."""

    spans: dict[str, list[float]] = field(default_factory=dict)

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """The scripted completion."""
        span = self.spans.setdefault(session, [time.perf_counter(), 0.0])
        said = await super().generate(prompt_ids, sampling, session)
        span[1] = time.perf_counter()
        return said

    def tail(self) -> float:
        """Turns from the last moment with every slot full to the end."""
        moments = sorted(
            [(begin, 1) for begin, _ in self.spans.values()] + [(end, -1) for _, end in self.spans.values()]
        )
        full, inside = moments[0][0], 0
        for moment, change in moments:
            if change < 0 and inside == SLOTS:
                full = moment
            inside += change
        return (moments[-1][0] - full) / TURN_S


def figures() -> Iterator[Figure]:
    """The ratio of both tails, over seeds."""
    known, unknown = zip(*(_tails(seed) for seed in SEEDS), strict=True)
    each = ", ".join(f"{one:.0f} against {other:.0f}" for one, other in zip(known, unknown, strict=True))
    yield Figure(
        "rollout.tail", round(fmean(known) / fmean(unknown), 3), "ratio",
        f"first in, first out; turns from the last full slot to the end, by seed: {each}",
    )  # fmt: skip


def _tails(seed: int) -> tuple[float, float]:
    """The tail with a past to expect from, and without."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.model_validate(
            {
                "home": Path(folder),
                "rollout": {"max_in_flight": SLOTS, "max_observation_chars": 64, "max_repeated_calls": 200},
            }
        )
        _roll_out(settings, PAST, PAST_ATTEMPTS, seed, 0.0)
        known = _roll_out(settings, NIGHT, ATTEMPTS, seed, TURN_S)
        shutil.rmtree(settings.home / "lake")
        shutil.rmtree(settings.state)
        unknown = _roll_out(settings, NIGHT, ATTEMPTS, seed, TURN_S)
    return known.tail(), unknown.tail()


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
    told = roll_out_night(settings, day, silent, Staff(opening(teacher), open_tiny_dialect))
    if told["finished"] != attempts:
        raise RuntimeError(f"{attempts} attempts were planned: {told}")
    return teacher


def _speaking(turns: Mapping[int, int]) -> Script:
    """A script that searches until the task's last turn, and then answers."""

    def say(prompt: str, seed: int) -> str:
        number = int(prompt.split("? (", 1)[1].split(")", 1)[0])
        place = spoken(prompt) + 1
        return "Varnay" if place >= turns[number] else call("search", query=f"lighthouse {place}")

    return say
