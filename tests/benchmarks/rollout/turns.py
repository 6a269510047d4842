"""How busy the pool keeps its server: whole episodes against the bare client that only sends their prompts.

The server is fake and a process of its own. The bare client replays exactly the prompts that the pool
sent, as many at a time, and does nothing else: no loop, no tools, no journal, no lake.
"""

import asyncio
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from itertools import groupby
from pathlib import Path

import pyarrow.parquet as pq

from flows.rollout.engines.open import open_teacher
from flows.rollout.protocol import Sampling, Teacher
from flows.rollout.run import Staff, roll_out_night
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
IN_FLIGHT = 64
TRAJECTORIES = 192
TURNS = 8
DELAYS = {"fast": 0.0, "steady": 0.2}
"""Seconds that the server takes for a completion; with no delay its own CPU is the limit."""


def figures() -> Iterator[Figure]:
    """Turns a second of the pool, its share of what the bare client reaches, and its CPU a turn."""
    for name, delay in DELAYS.items():
        with tempfile.TemporaryDirectory() as folder, _server(delay) as url:
            settings = Settings(
                home=Path(folder),
                teacher=TeacherSettings(engine="vllm", urls=[url]),
                rollout=Rollout(max_in_flight=IN_FLIGHT),
            )
            pool, n = _pool(settings)
            client = asyncio.run(_client(settings, list(_prompts(settings))))
        suffix = "" if name == "fast" else f"_{name}"
        yield Figure(f"rollout.turns_per_s{suffix}", round(n / pool.wall, 1), "turns/s")
        yield Figure(
            f"rollout.share_of_client{suffix}", round(client.wall / pool.wall, 3), "ratio",
            f"bare client, same prompts, {IN_FLIGHT} in flight: {n / client.wall:.1f} turns/s",
        )  # fmt: skip
        yield Figure(
            f"rollout.cpu_ms_per_turn{suffix}", round(1000 * pool.cpu / n, 2), "ms",
            f"bare client: {1000 * client.cpu / n:.2f} ms",
        )  # fmt: skip


def _pool(settings: Settings) -> tuple[Watch, int]:
    watch = Watch()

    @asynccontextmanager
    async def timed(settings: Settings) -> AsyncIterator[Teacher]:
        async with open_teacher(settings) as teacher:
            with watch.running():
                yield teacher

    write_wiki_tasks(Lake(settings.lake), DAY, TRAJECTORIES, samples=1)
    told = roll_out_night(settings, DAY, silent, Staff(timed, open_tiny_dialect))
    return watch, int(told["turns"])


def _prompts(settings: Settings) -> Iterator[list[list[int]]]:
    """The prompts of each trajectory, rebuilt from the lake: the ids that stand before those sampled."""
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


async def _client(settings: Settings, episodes: list[list[list[int]]]) -> Watch:
    watch, waiting = Watch(), iter(episodes)

    async def work(teacher: Teacher) -> None:
        for prompts in waiting:
            for prompt in prompts:
                await teacher.generate(prompt, Sampling(0.7, 0.95, 2_048, 0), "bare")

    async with open_teacher(settings) as teacher:
        with watch.running():
            await asyncio.gather(*(work(teacher) for _ in range(IN_FLIGHT)))
    return watch


@contextmanager
def _server(delay: float) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.doubles.teachers.fake_vllm", "--delay", str(delay), "--turns", str(TURNS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.kill()
