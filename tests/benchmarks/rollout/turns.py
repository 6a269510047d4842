"""Measures how busy the pool keeps its server: whole episodes, against a bare client that only sends their prompts.

The server is a fake one in a process of its own. The bare client replays exactly the prompts of the pool, as many at a
time, and does nothing else: no loop, no tools, no journal, no lake.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path

import pyarrow.parquet as pq

from flows.rollout.engines.open import open_teacher
from flows.rollout.protocol import Sampling, Teacher
from flows.rollout.run import Factories, run_rollout
from flows.settings import Rollout, Settings
from flows.settings import Teacher as TeacherSettings
from schemas import Turn
from tests.benchmarks.figure import Figure
from tests.benchmarks.rollout.watch import Watch
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.teachers.scripted import open_tiny_dialect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
DELAYS = {"": 0.0, "_steady": 0.2}
"""Suffix of a figure -> seconds that the server takes per completion; with no delay its own CPU is the limit."""
MEASURES = ("turns_per_s", "share_of_client", "cpu_ms_per_turn")
FIGURES = tuple(f"rollout.{measure}{suffix}" for suffix in DELAYS for measure in MEASURES)


@dataclass(frozen=True)
class Size:
    """Attempts in flight, trajectories, and turns of each."""

    in_flight: int
    trajectories: int
    turns: int


FULL, SMOKE = Size(64, 192, 8), Size(8, 16, 3)


def figures(size: Size) -> Iterator[Figure]:
    """Turns per second of the pool, its share of the bare client's rate, and its CPU per turn."""
    for suffix, delay in DELAYS.items():
        with tempfile.TemporaryDirectory() as folder, _server(delay, size.turns) as url:
            settings = Settings(
                home=Path(folder),
                teacher=TeacherSettings(engine="vllm", urls=[url]),
                rollout=Rollout(max_in_flight=size.in_flight),
            )
            pool, n = _pool(settings, size.trajectories)
            client = asyncio.run(_client(settings, list(_prompts(settings)), size.in_flight))
        yield Figure(f"rollout.turns_per_s{suffix}", round(n / pool.wall, 1), "turns/s")
        yield Figure(
            f"rollout.share_of_client{suffix}", round(client.wall / pool.wall, 3), "ratio",
            f"bare client, same prompts, {size.in_flight} in flight: {n / client.wall:.1f} turns/s",
        )  # fmt: skip
        yield Figure(
            f"rollout.cpu_ms_per_turn{suffix}", round(1000 * pool.cpu / n, 2), "ms",
            f"bare client: {1000 * client.cpu / n:.2f} ms",
        )  # fmt: skip


def _pool(settings: Settings, trajectories: int) -> tuple[Watch, int]:
    watch = Watch()

    @asynccontextmanager
    async def timed(settings: TeacherSettings, logs: Path) -> AsyncIterator[Teacher]:
        async with open_teacher(settings, logs) as teacher:
            with watch.running():
                yield teacher

    write_wiki_tasks(Lake(settings.lake), DAY, trajectories, samples=1)
    counts = run_rollout(settings, DAY, silent, Factories(timed, open_tiny_dialect))
    return watch, int(counts["turns"])


def _prompts(settings: Settings) -> Iterator[list[list[int]]]:
    """The prompts of each trajectory, rebuilt from the lake: for each turn all ids before the sampled ones."""
    rows = [row for part in Lake(settings.lake).parts(Turn) for row in pq.read_table(part).to_pylist()]
    for _, turns in groupby(rows, key=lambda row: row["trajectory_id"]):
        stream: list[int] = []
        prompts = []
        for turn in turns:
            cue = turn["sampled"].count(False)
            if turn["role"] == "assistant":
                prompts.append(stream + turn["token_ids"][:cue])
            stream = stream + turn["token_ids"]
        yield prompts


async def _client(settings: Settings, episodes: list[list[list[int]]], in_flight: int) -> Watch:
    watch, waiting = Watch(), iter(episodes)

    async def work(teacher: Teacher) -> None:
        for prompts in waiting:
            for prompt in prompts:
                await teacher.generate(prompt, Sampling(0.7, 0.95, 2_048, 0), "bare")

    async with open_teacher(settings.teacher, settings.logs) as teacher:
        with watch.running():
            await asyncio.gather(*(work(teacher) for _ in range(in_flight)))
    return watch


@contextmanager
def _server(delay: float, turns: int) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.doubles.teachers.fake_vllm", "--delay", str(delay), "--turns", str(turns)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.kill()
