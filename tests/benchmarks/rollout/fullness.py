"""How full the factory keeps a real vLLM server, against that server's own benchmark client and a plain loop.

A whole rollout of many-turned episodes runs against a real server on the CPU; then vLLM's own client replays its
requests, as many at a time, each with the same length and as much of it cached (`replay`). That client waits for
nothing but the server, so it is the ceiling. A bare client that sends what the factory sends, and takes the reply in
one piece, stands beside it: vLLM's own asks for less (no ids, no log-probabilities) but streams token by token.
Tokens a second are those of the whole run, its beginning and its tail too; the steady figure leaves the tail out.
"""

import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from statistics import fmean

from flows.rollout.attempts import Staff, roll_out_night
from flows.rollout.engine import Dialect, Teacher
from flows.rollout.teacher import open_dialect
from flows.settings import Settings
from schemas import Task
from tests.benchmarks.figure import Figure
from tests.benchmarks.rollout.recorded import Opening, Record
from tests.benchmarks.rollout.replay import by_bare_client, by_servers_client
from tests.benchmarks.rollout.serving import Served, real_server
from tests.benchmarks.rollout.windowed import by_windows
from tests.doubles import small_wiki
from tests.doubles.aimless import Aimless, Lengths
from tests.doubles.wiki_tasks import wiki_task
from warehouse.lake import Lake, PartName
from warehouse.progress import silent

DAY = date(2026, 1, 2)
IN_FLIGHT = 32
ATTEMPTS = 96
ROUNDS = 2
TURNS = (2, 3, 4, 5, 6)
"""Turns of the tasks, in turn."""
OBSERVATION_CHARS = 250
WINDOW, WINDOWS = 8, 3


def figures() -> Iterator[Figure]:
    """Each as a share of what vLLM's own client reaches; the factory and that client take turns."""
    rounds: list[tuple[Record, float]] = []
    with real_server() as served:
        for _ in range(ROUNDS):
            record = rolled_out(served, IN_FLIGHT, ATTEMPTS, TURNS)
            rounds.append((record, by_servers_client(served, record, IN_FLIGHT)))
        bare = by_bare_client(served, record, IN_FLIGHT)
        plain = by_windows(served, record, WINDOW, WINDOWS)
    whole = [factory.rate / client for factory, client in rounds]
    steady = [factory.steady_rate / client for factory, client in rounds]
    rates = ", ".join(f"{factory.rate:.0f} of {client:.0f}" for factory, client in rounds)
    told = f"vLLM's own benchmark client, same lengths, {IN_FLIGHT} in flight; tokens/s by round: {rates}"
    yield Figure("rollout.fullness", round(fmean(whole), 3), "ratio", told)
    yield Figure("rollout.fullness_steady", round(fmean(steady), 3), "ratio", f"{told}; until the last attempt began")
    client = rounds[-1][1]
    told = f"vLLM's own benchmark client: {plain:.0f} of {client:.0f} tokens/s"
    yield Figure("rollout.fullness_window8", round(plain / client, 3), "ratio", told)
    told = f"a bare client that sends the same requests: {rounds[-1][0].rate:.0f} of {bare:.0f} tokens/s"
    yield Figure("rollout.fullness_bare", round(rounds[-1][0].rate / bare, 3), "ratio", told)


def rolled_out(
    served: Served,
    in_flight: int,
    attempts: int,
    turns: tuple[int, ...],
    changed: Callable[[Opening], Opening] = lambda opening: opening,
) -> Record:
    """A whole night against the server, recorded."""
    record, lengths = Record(), Lengths()

    def open_aimless(settings: Settings, teacher: Teacher) -> Dialect:
        return Aimless(open_dialect(settings, teacher), lengths)

    served.forget()
    with tempfile.TemporaryDirectory() as folder:
        limits = {"in_flight": in_flight, "observation_chars": OBSERVATION_CHARS, "same_call_limit": 100}
        chosen = {"home": Path(folder), "teacher": served.teacher(), "rollout": limits}
        settings = Settings.model_validate(chosen)
        lake = Lake(settings.lake)
        small_wiki.write_small_wiki(lake, DAY)
        tasks = (
            wiki_task(DAY, number, max_turns=turns[number % len(turns)], tools=["search"], samples=1)
            for number in range(attempts)
        )
        lake.write(Task, tasks, PartName(DAY, "by-hand", 0))
        told = roll_out_night(settings, DAY, silent, Staff(changed(record.opening()), open_aimless))
    if told["finished"] != attempts:
        raise RuntimeError(f"{attempts} attempts were planned: {told}")
    return record
