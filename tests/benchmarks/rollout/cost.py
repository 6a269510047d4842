"""What the factory's own process costs: CPU per million sampled tokens, by attempts in flight and by length.

The server is a process of its own that answers at once, so nothing is waited for: the factory does all that it
does in a real night (requests, parsing, tools over the library, journal, lake). Turns are of a real size: 250
tokens sampled and about 200 observed, in Qwen3's own vocabulary. The CPU is that of the process, all its threads and
its tool workers, from the first request to the last row in the lake.
"""

import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from statistics import fmean
from typing import Any

from flows.rollout.engines.embedded.model_download import cache_folder
from flows.rollout.engines.open import open_dialect, open_teacher
from flows.rollout.protocol import Completion, Sampling, Teacher
from flows.rollout.run import Staff, roll_out_night
from flows.settings import Settings
from tests.benchmarks.figure import Figure
from tests.benchmarks.rollout.watch import cpu_seconds, own_cpu_seconds
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.teachers.small_qwen3 import small_tokenizer
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
SAMPLED = 250
OBSERVATION_CHARS = 800
"""About 200 tokens of the small wiki."""
TURNS = 10
IN_FLIGHT = {64: 256, 256: 512, 1_024: 1_024}
"""Attempts in flight, and attempts in all."""
LONG_TURNS, LONG_ATTEMPTS = 100, 24
"""Episodes of about 45,000 tokens."""
PLACES = {10: (5, 15), 50: (45, 55), 100: (90, 98)}
"""Turns between which the cost of a turn is taken."""


@dataclass
class Spent:
    """What a rollout took; `turns` counts the agent's."""

    begun: float = 0.0
    own_begun: float = 0.0
    cpu: float = 0.0
    own_cpu: float = 0.0
    """Of the factory's own process, without its tool workers."""
    turns: int = 0
    sampled: int = 0
    at: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    """Own CPU seconds and prompt tokens at each turn of a session."""


class Metered:
    """A teacher that notes the process's CPU at each turn."""

    def __init__(self, teacher: Teacher, spent: Spent) -> None:
        self._teacher, self._spent = teacher, spent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._teacher, name)

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """The teacher's completion."""
        own = own_cpu_seconds()
        if not self._spent.at:
            self._spent.begun, self._spent.own_begun = cpu_seconds(), own
        self._spent.at[session].append((own, len(prompt_ids)))
        return await self._teacher.generate(prompt_ids, sampling, session)


def figures() -> Iterator[Figure]:
    """CPU seconds a million tokens at each width, and CPU milliseconds a turn along a long episode."""
    for in_flight, attempts in IN_FLIGHT.items():
        spent = rolled_out(in_flight, attempts, TURNS)
        yield Figure(
            f"rollout.cpu_s_per_mtok_{in_flight}", round(1e6 * spent.cpu / spent.sampled, 2), "s/Mtok",
            f"{spent.turns} turns of {SAMPLED} sampled tokens: {1000 * spent.cpu / spent.turns:.2f} ms of CPU each, "
            f"{1000 * (spent.cpu - spent.own_cpu) / spent.turns:.2f} of it in tool workers",
        )  # fmt: skip
    spent = rolled_out(LONG_ATTEMPTS, LONG_ATTEMPTS, LONG_TURNS)
    for place, (first, last) in PLACES.items():
        ms, tokens = along(spent, first, last)
        yield Figure(
            f"rollout.cpu_ms_at_turn_{place}",
            round(ms, 2),
            "ms",
            f"context of {tokens:.0f} tokens; tool workers not counted",
        )


def rolled_out(in_flight: int, attempts: int, turns: int) -> Spent:
    """A whole night of so many attempts of so many turns, against a server of its own."""
    spent, tokenizer = Spent(), small_tokenizer(cache_folder())

    @asynccontextmanager
    async def metered(settings: Settings) -> AsyncIterator[Teacher]:
        async with open_teacher(settings) as teacher:
            yield Metered(teacher, spent)

    with tempfile.TemporaryDirectory() as folder, quick_server(tokenizer, turns) as url:
        teacher = {"engine": "vllm", "urls": [url], "tokenizer": str(tokenizer), "renderer": "qwen3"}
        limits = {"max_in_flight": in_flight, "max_observation_chars": OBSERVATION_CHARS, "max_repeated_calls": turns}
        settings = Settings.model_validate({"home": Path(folder), "teacher": teacher, "rollout": limits})
        write_wiki_tasks(Lake(settings.lake), DAY, attempts, samples=1, max_turns=turns + 1)
        told = roll_out_night(settings, DAY, silent, Staff(metered, open_dialect))
        spent.cpu, spent.own_cpu = cpu_seconds() - spent.begun, own_cpu_seconds() - spent.own_begun
        spent.turns, spent.sampled = int(told["turns"]), int(told["sampled_tokens"])
    if spent.turns != attempts * turns:
        raise RuntimeError(f"{spent.turns} turns were made, not {attempts * turns}: {told}")
    return spent


def along(spent: Spent, first: int, last: int) -> tuple[float, float]:
    """CPU milliseconds a turn, and mean prompt tokens, between two turns: the attempts advance side by side."""
    begin, end = ([session[turn][0] for session in spent.at.values()] for turn in (first, last))
    tokens = fmean(session[turn][1] for session in spent.at.values() for turn in range(first, last))
    return 1000 * (fmean(end) - fmean(begin)) / ((last - first) * len(spent.at)), tokens


@contextmanager
def quick_server(tokenizer: Path, turns: int) -> Iterator[str]:
    """A server that answers at once, in a process of its own."""
    options = ["--tokenizer", str(tokenizer), "--turns", str(turns), "--sampled", str(SAMPLED)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.doubles.teachers.quick_vllm", *options], stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            if server.stdout is None:
                raise RuntimeError("the server has no output")
            yield server.stdout.readline().strip()
        finally:
            server.kill()
