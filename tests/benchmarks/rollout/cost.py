"""Measures the CPU of the factory's own process per million sampled tokens, by attempts in flight and by length.

The server is a process of its own that responds at once, so the factory never waits, and does all the work of a real
night: requests, parsing, tools over the library, journal, lake. Turns have a real size: 250 sampled tokens and about
200 observed ones, in Qwen3's vocabulary. The CPU is that of the process, all its threads and its tool workers, from
the first request to the last row in the lake.
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

from flows.environments.resources import cache_folder
from flows.rollout.dialects.open import open_dialect
from flows.rollout.engines.open import open_teacher
from flows.rollout.protocol import Completion, Sampling, Teacher
from flows.rollout.run import Factories, run_rollout
from flows.settings import Settings
from flows.settings import Teacher as TeacherSettings
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
LONG_TURNS = 100
"""Turns of an episode of about 45,000 tokens."""
PLACES = {10: (5, 15), 50: (45, 55), 100: (90, 98)}
"""Turns between which the cost of a turn is taken."""
IN_FLIGHT = (64, 256, 1_024)
FIGURES = (
    *(f"rollout.cpu_s_per_mtok_{in_flight}" for in_flight in IN_FLIGHT),
    *(f"rollout.cpu_ms_at_turn_{place}" for place in PLACES),
)


@dataclass(frozen=True)
class Size:
    """Attempts at each number of attempts in flight, their turns, and attempts of LONG_TURNS turns."""

    attempts: tuple[int, int, int]
    turns: int
    long_attempts: int


FULL, SMOKE = Size((256, 512, 1_024), 30, 24), Size((8, 16, 32), 1, 2)
"""An attempt of 45,000 tokens has a hundred turns. The start of a run, its tool workers and its connections take about
three CPU seconds once: with ten turns an attempt they were a tenth of the figure at 1,024 in flight, a third at 64."""


@dataclass
class Spent:
    """The CPU of a rollout, and its turns (the agent's) and sampled tokens."""

    begun: float = 0.0
    own_begun: float = 0.0
    cpu: float = 0.0
    own_cpu: float = 0.0
    """CPU of the factory's own process, without its tool workers."""
    turns: int = 0
    sampled: int = 0
    at: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    """Own CPU seconds and prompt tokens at each turn of a session."""


class Metered:
    """A teacher that records the process's CPU at the first turn, or at each.

    The kernel sums over all threads, those of DuckDB, Arrow and Tantivy too: that takes 0.01 to 0.05 ms.
    """

    def __init__(self, teacher: Teacher, spent: Spent, *, each_turn: bool) -> None:
        self._teacher, self._spent, self._each_turn = teacher, spent, each_turn

    def __getattr__(self, name: str) -> Any:
        return getattr(self._teacher, name)

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """The teacher's completion."""
        if not self._spent.begun:
            self._spent.begun, self._spent.own_begun = cpu_seconds(), own_cpu_seconds()
        if self._each_turn:
            self._spent.at[session].append((own_cpu_seconds(), len(prompt_ids)))
        return await self._teacher.generate(prompt_ids, sampling, session)


def figures(size: Size) -> Iterator[Figure]:
    """CPU seconds per million tokens by attempts in flight, and CPU milliseconds per turn along a long episode."""
    for in_flight, attempts in zip(IN_FLIGHT, size.attempts, strict=True):
        spent = rolled_out(in_flight, attempts, size.turns)
        yield Figure(
            f"rollout.cpu_s_per_mtok_{in_flight}", round(1e6 * spent.cpu / spent.sampled, 2), "s/Mtok",
            f"{spent.turns} turns of {SAMPLED} sampled tokens: {1000 * spent.cpu / spent.turns:.2f} ms of CPU each, "
            f"{1000 * (spent.cpu - spent.own_cpu) / spent.turns:.2f} of it in tool workers",
        )  # fmt: skip
    spent = rolled_out(size.long_attempts, size.long_attempts, LONG_TURNS, each_turn=True)
    for place, (first, last) in PLACES.items():
        ms, tokens = along(spent, first, last)
        yield Figure(
            f"rollout.cpu_ms_at_turn_{place}",
            round(ms, 2),
            "ms",
            f"context of {tokens:.0f} tokens; tool workers not counted",
        )


def rolled_out(in_flight: int, attempts: int, turns: int, *, each_turn: bool = False) -> Spent:
    """The cost of a whole night of `attempts` of `turns` each, against a server of its own."""
    spent, tokenizer = Spent(), small_tokenizer(cache_folder())

    @asynccontextmanager
    async def metered(settings: TeacherSettings, logs: Path) -> AsyncIterator[Teacher]:
        async with open_teacher(settings, logs) as teacher:
            yield Metered(teacher, spent, each_turn=each_turn)

    with tempfile.TemporaryDirectory() as folder, quick_server(tokenizer, turns) as url:
        teacher = {"engine": "vllm", "urls": [url], "tokenizer": str(tokenizer), "renderer": "qwen3"}
        limits = {"max_in_flight": in_flight, "max_observation_chars": OBSERVATION_CHARS, "max_repeated_calls": turns}
        settings = Settings.model_validate({"home": Path(folder), "teacher": teacher, "rollout": limits})
        write_wiki_tasks(Lake(settings.lake), DAY, attempts, samples=1, max_turns=turns + 1)
        counts = run_rollout(settings, DAY, silent, Factories(metered, open_dialect))
        spent.cpu, spent.own_cpu = cpu_seconds() - spent.begun, own_cpu_seconds() - spent.own_begun
        spent.turns, spent.sampled = int(counts["turns"]), int(counts["sampled_tokens"])
    if spent.turns != attempts * turns:
        raise RuntimeError(f"{spent.turns} turns were made, not {attempts * turns}: {counts}")
    return spent


def along(spent: Spent, first: int, last: int) -> tuple[float, float]:
    """CPU milliseconds per turn and mean prompt tokens between two turns; the attempts advance at the same pace."""
    begin, end = ([session[turn][0] for session in spent.at.values()] for turn in (first, last))
    tokens = fmean(session[turn][1] for session in spent.at.values() for turn in range(first, last))
    return 1000 * (fmean(end) - fmean(begin)) / ((last - first) * len(spent.at)), tokens


@contextmanager
def quick_server(
    tokenizer: Path, turns: int, sampled: int = SAMPLED, module: str = "tests.doubles.teachers.quick_vllm"
) -> Iterator[str]:
    """The URL of a server with canned replies, in a process of its own; the default one responds at once."""
    options = ["--tokenizer", str(tokenizer), "--turns", str(turns), "--sampled", str(sampled)]
    with subprocess.Popen([sys.executable, "-m", module, *options], stdout=subprocess.PIPE, text=True) as server:
        try:
            if server.stdout is None:
                raise RuntimeError("the server has no output")
            yield server.stdout.readline().strip()
        finally:
            server.kill()
