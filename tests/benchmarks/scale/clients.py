"""Measures how many turns a second two processes of a rollout handle, against one, where only their cores limit them.

The server is a process of its own with prebuilt replies. It counts the turns between the first and the last fifth of
them, so that the start of processes counts in neither run. On two cores the server's own share comes off the second
one: it is named beside the figure, and so is the load of the machine by others, which spoils the figure if it is high.
"""

import tempfile
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import orjson

from flows.environments.resources import cache_folder
from flows.rollout.run import run_rollout
from flows.settings import Settings
from tests.benchmarks.figure import Figure
from tests.benchmarks.rollout.cost import OBSERVATION_CHARS, quick_server
from tests.benchmarks.rollout.watch import Others
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.teachers.small_qwen3 import small_tokenizer
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
FIGURES = ("scale.clients_2",)


@dataclass(frozen=True)
class Size:
    """Attempts, the turns of each, and attempts in flight."""

    attempts: int
    turns: int
    in_flight: int


FULL, SMOKE = Size(512, 10, 256), Size(12, 4, 8)


@dataclass(frozen=True)
class Rate:
    """Turns a second in the middle of a run, and the server's milliseconds of CPU a turn over all of it."""

    turns_per_s: float
    server_ms: float


def figures(size: Size) -> Iterator[Figure]:
    """The ratio of two processes to one."""
    others = Others()
    one, two = (_rate(size, processes) for processes in (1, 2))
    beside = (
        f"{one.turns_per_s:,.0f} turns/s of one process; the server takes {two.server_ms:.2f} ms of CPU a turn; "
        f"other processes take {others.share():.0%} of the machine"
    )
    yield Figure("scale.clients_2", round(two.turns_per_s / one.turns_per_s, 2), "x", beside)


def _rate(size: Size, processes: int) -> Rate:
    tokenizer = small_tokenizer(cache_folder())
    with tempfile.TemporaryDirectory() as folder, quick_server(tokenizer, size.turns) as url:
        teacher = {"engine": "vllm", "urls": [url], "tokenizer": str(tokenizer), "renderer": "qwen3"}
        limits = {
            "processes": processes,
            "max_in_flight": size.in_flight,
            "max_observation_chars": OBSERVATION_CHARS,
            "max_repeated_calls": size.turns,
            "tool_workers": 0,
        }
        settings = Settings.model_validate({"home": Path(folder), "teacher": teacher, "rollout": limits})
        write_wiki_tasks(Lake(settings.lake), DAY, size.attempts, samples=1, max_turns=size.turns + 1)
        counts = run_rollout(settings, DAY, silent)
        spent = orjson.loads(urllib.request.urlopen(f"{url}/spent").read())
    if counts["turns"] != size.attempts * size.turns:
        raise RuntimeError(f"{counts['turns']} turns were made, not {size.attempts * size.turns}: {counts}")
    times = spent["answered"]
    first, last = len(times) // 5, len(times) * 4 // 5
    return Rate((last - first) / (times[last] - times[first]), 1000 * spent["cpu"] / len(times))
