"""Measures the wall time of `factory --help`, which stays short only while no command imports heavy libraries early."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figure import Figure

FIGURES = ("cli.help_seconds",)
FULL, SMOKE = 7, 1
"""Rounds, of which the median counts."""


def figures(rounds: int) -> Iterator[Figure]:
    """The median seconds of `factory --help`."""
    command = str(Path(sys.executable).with_name("factory"))
    helped = _median([command, "--help"], rounds)
    bare = _median([sys.executable, "-c", "pass"], rounds)
    yield Figure("cli.help_seconds", round(helped, 3), "s", f"0.5 s allowed; bare interpreter {bare:.3f} s")


def _median(command: list[str], rounds: int) -> float:
    def once() -> float:
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start

    once()
    return statistics.median(once() for _ in range(rounds))
