"""How long a person waits for `factory --help`: heavy imports must wait until a verb needs them."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figure import Figure

ROUNDS = 7


def figures() -> Iterator[Figure]:
    command = str(Path(sys.executable).with_name("factory"))
    helped = _median([command, "--help"])
    bare = _median([sys.executable, "-c", "pass"])
    yield Figure("cli.help_seconds", round(helped, 3), "s", f"0.5 s allowed; bare interpreter {bare:.3f} s")


def _median(command: list[str]) -> float:
    def once() -> float:
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - start

    once()
    return statistics.median(once() for _ in range(ROUNDS))
