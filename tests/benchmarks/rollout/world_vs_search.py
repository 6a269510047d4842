"""Compares the CPU of a turn in a world with state with that of a turn of search, side by side in one run.

The same scripted teacher works both, in this process and without tool workers. Each kind is rolled out at two sizes,
and the difference is taken, so that the index of the pages and other fixed costs do not count.
"""

import json
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

from flows.domains.general_agentic.batch.compose import BATCH_UNDER_POLICY
from flows.domains.general_agentic.solution import Shown, calls, from_json
from flows.rollout.protocol import Identity
from flows.rollout.run import Factories, run_rollout
from flows.settings import Rollout, Settings
from tests.benchmarks.figure import Figure
from tests.doubles.domains import write_tasks
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.teachers.scripted import ScriptedTeacher, call, open_tiny_dialect, opening, spoken
from tests.flows.domains.general_agentic.playing import drafts
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
WIDE = Identity("scripted", "1", "scripted", None, 262_144)
Script = Callable[[str, int], str]


class Size(NamedTuple):
    """Attempts of the smaller and of the larger rollout of each kind, and their turns."""

    few: int
    many: int
    turns: int


FULL, SMOKE = Size(4, 28, 40), Size(1, 3, 3)
FIGURES = ("rollout.world_turn_cpu_ms", "rollout.search_turn_cpu_ms", "rollout.world_vs_search")


def figures(size: Size) -> Iterator[Figure]:
    """Milliseconds of CPU of a turn of each kind, and their ratio."""
    against = f"{size.many - size.few} attempts of {size.turns} turns"
    world, search = _turn_ms(size, _world), _turn_ms(size, _search)
    yield Figure(FIGURES[0], round(world, 3), "ms", against)
    yield Figure(FIGURES[1], round(search, 3), "ms", against)
    yield Figure(FIGURES[2], round(world / search, 3), "ratio", f"search, {against}")


def _turn_ms(size: Size, prepare: Callable[[Lake, int, int], Script]) -> float:
    _spent(1, 2, prepare)  # loads modules and patterns
    few, many = (_spent(n, size.turns, prepare) for n in (size.few, size.many))
    return 1_000 * (many[0] - few[0]) / (many[1] - few[1])


def _spent(n: int, turns: int, prepare: Callable[[Lake, int, int], Script]) -> tuple[float, int]:
    """CPU seconds and turns of a rollout of n attempts."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), rollout=Rollout(max_in_flight=8, tool_workers=0))
        script = prepare(Lake(settings.lake), n, turns)
        teacher, begun = ScriptedTeacher(script, WIDE), time.process_time()
        counts = run_rollout(settings, DAY, silent, Factories(opening(teacher), open_tiny_dialect))
        return time.process_time() - begun, int(counts["turns"])


def _world(lake: Lake, n: int, turns: int) -> Script:
    found = drafts(BATCH_UNDER_POLICY.name, 2 * n + 2)[:n]
    solutions: list[list[Shown]] = [list(calls(from_json(one.oracle or "[]"))) for one in found]
    write_tasks(lake, DAY, "general_agentic", [(one.setup, one.goal or "{}") for one in found], max_turns=turns + 2)

    def script(prompt: str, seed: int) -> str:
        turn = spoken(prompt)
        name, arguments = solutions[int(prompt.rsplit("number (", 1)[1].split(")", 1)[0])][min(turn, turns)]
        return call(name, **arguments) if turn < turns else "Done."

    return script


def _search(lake: Lake, n: int, turns: int) -> Script:
    write_wiki_tasks(lake, DAY, n, samples=1, max_turns=turns + 2)

    def script(prompt: str, seed: int) -> str:
        turn = spoken(prompt)
        return call("search", query=f"page {turn} {json.dumps(prompt[-80:])[:20]}") if turn < turns else "Done."

    return script
