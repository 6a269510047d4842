"""Measures how busy the factory keeps a real vLLM server, against vLLM's own benchmark client and a plain loop.

A whole rollout of many-turned episodes runs against a real server on the CPU; then vLLM's own client replays its
requests, as many at a time, each with the same length and as much of it cached (`replay`). That client waits only for
the server, so its rate is the ceiling. It requests less than the factory (no ids, no log-probabilities) but streams
token by token; so a bare client, which sends the factory's requests and takes each response in one piece, is measured,
too. Tokens per second include the beginning and the tail of a run; the steady figure leaves the tail out.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from statistics import fmean

from flows.rollout.dialects.open import open_dialect
from flows.rollout.protocol import Dialect, Teacher
from flows.rollout.run import Factories, run_rollout
from flows.settings import Settings
from flows.settings import Teacher as TeacherSettings
from schemas import Task
from tests.benchmarks.figure import Figure
from tests.benchmarks.rollout.recorded import Opening, Record
from tests.benchmarks.rollout.replay import by_bare_client, by_servers_client
from tests.benchmarks.rollout.serving import Served, real_server
from tests.benchmarks.rollout.watch import Others
from tests.benchmarks.rollout.windowed import by_windows
from tests.doubles.lakes.wiki_tasks import wiki_task
from tests.doubles.sites import small_wiki
from tests.doubles.teachers.always_searching import AlwaysSearching, Lengths
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName

DAY = date(2026, 1, 2)
OBSERVATION_CHARS = 250
FIGURES = ("rollout.fullness", "rollout.fullness_steady", "rollout.fullness_window8", "rollout.fullness_bare")


@dataclass(frozen=True)
class Size:
    """Attempts in flight, attempts, rounds (whose mean counts), and turns that the tasks take by rotation."""

    in_flight: int
    attempts: int
    rounds: int
    turns: tuple[int, ...]


FULL, SMOKE = Size(32, 96, 2, (2, 3, 4, 5, 6)), Size(4, 4, 1, (2,))


@dataclass(frozen=True)
class Rate:
    """Sampled tokens per second, and the share of the machine's CPU that other processes took meanwhile."""

    per_s: float
    others: float

    def __str__(self) -> str:
        return f"{self.per_s:.0f} (others {100 * self.others:.0f} %)"


def figures(size: Size) -> Iterator[Figure]:
    """Rates as a share of that of vLLM's own client; the factory and that client take turns."""
    whole: list[float] = []
    steady: list[float] = []
    rounds: list[str] = []
    with real_server() as served:
        for _ in range(size.rounds):
            others = Others()
            record = rolled_out(served, size.in_flight, size.attempts, size.turns)
            factory = Rate(record.rate, others.share())
            client = _rate(by_servers_client, served, record)
            whole.append(factory.per_s / client.per_s)
            steady.append(record.steady_rate / client.per_s)
            rounds.append(f"{factory} of {client}")
        bare = _rate(by_bare_client, served, record)
        plain = _rate(by_windows, served, record)
    against = f"vLLM's own benchmark client, same lengths, {size.in_flight} in flight; tokens/s: {', '.join(rounds)}"
    yield Figure("rollout.fullness", round(fmean(whole), 3), "ratio", against)
    yield Figure("rollout.fullness_steady", round(fmean(steady), 3), "ratio", "the same, until the last attempt began")
    against = f"vLLM's own benchmark client: {plain} of {client} tokens/s"
    yield Figure("rollout.fullness_window8", round(plain.per_s / client.per_s, 3), "ratio", against)
    against = f"a bare client that sends the same requests: {factory} of {bare} tokens/s"
    yield Figure("rollout.fullness_bare", round(factory.per_s / bare.per_s, 3), "ratio", against)


def _rate(client: Callable[[Served, Record], float], served: Served, record: Record) -> Rate:
    others = Others()
    per_s = client(served, record)
    return Rate(per_s, others.share())


def rolled_out(
    served: Served,
    in_flight: int,
    attempts: int,
    turns: tuple[int, ...],
    changed: Callable[[Opening], Opening] = lambda opening: opening,
) -> Record:
    """The requests of a whole night against the server."""
    record, lengths = Record(in_flight), Lengths()

    def open_always_searching(settings: TeacherSettings, teacher: Teacher) -> Dialect:
        return AlwaysSearching(open_dialect(settings, teacher), lengths)

    served.forget()
    with tempfile.TemporaryDirectory() as folder:
        limits = {"max_in_flight": in_flight, "max_observation_chars": OBSERVATION_CHARS, "max_repeated_calls": 100}
        chosen = {"home": Path(folder), "teacher": served.teacher(), "rollout": limits}
        settings = Settings.model_validate(chosen)
        lake = Lake(settings.lake)
        small_wiki.write_small_wiki(lake, DAY)
        tasks = (
            wiki_task(DAY, number, max_turns=turns[number % len(turns)], tools=["search"], samples=1)
            for number in range(attempts)
        )
        lake.write(Task, tasks, PartName(DAY, "by-hand", 0))
        counts = run_rollout(settings, DAY, silent, Factories(changed(record.opening()), open_always_searching))
    if counts["finished"] != attempts:
        raise RuntimeError(f"{attempts} attempts were planned: {counts}")
    return record
