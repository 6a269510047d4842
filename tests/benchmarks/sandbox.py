"""Measures the sandbox: milliseconds of a command that does nothing, commands a second, overhead of computing.

Other work on the machine only adds to a time, so each figure is that of the least disturbed of several batches.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.environments.resources import Resources
from flows.environments.sandbox import Command, Sandbox, Slots, remove, unavailable
from flows.environments.sandbox.images.image import INTERPRETER
from tests.benchmarks.figure import Figure, MissingTool

CORES = 2
ATTEMPTS = 8
"""Attempts that run commands at once; on a real machine they are many more than its cores."""
NOTHING = ("true",)
COMPUTE = (
    "import json, time; begin = time.process_time()\n"
    "total = sum(i * i % 7 for i in range({n}))\n"
    "print(json.dumps(time.process_time() - begin))"
)  # fmt: skip
FIGURES = ("sandbox.start_ms", "sandbox.starts_per_s", "sandbox.overhead")


@dataclass(frozen=True)
class Size:
    """Batches, commands in each, and additions of the program that computes."""

    batches: int
    commands: int
    additions: int


FULL, SMOKE = Size(8, 50, 5_000_000), Size(2, 5, 200_000)


def figures(size: Size) -> Iterator[Figure]:
    """All figures; raises MissingTool on a machine without user namespaces or bubblewrap."""
    if reason := unavailable():
        raise MissingTool(reason, "FACTORY_REQUIRE_SANDBOX")
    sandbox = Sandbox(Resources().sandbox("bare").image, Slots(CORES))
    with _workspace() as folder:
        yield Figure("sandbox.start_ms", _start_ms(sandbox, folder, size), "ms", "one after another")
        yield Figure(
            "sandbox.starts_per_s", _starts_per_s(sandbox, size), "1/s", f"{ATTEMPTS} attempts on {CORES} cores"
        )
        yield Figure("sandbox.overhead", _overhead(sandbox, folder, size), "ratio", "CPU seconds outside, in turns")


def _start_ms(sandbox: Sandbox, folder: Path, size: Size) -> float:
    def one() -> float:
        begin = time.perf_counter()
        sandbox.run(Command(NOTHING, folder))
        return 1000 * (time.perf_counter() - begin)

    return min(statistics.median(one() for _ in range(size.commands)) for _ in range(size.batches))


def _starts_per_s(sandbox: Sandbox, size: Size) -> float:
    def work(_: int) -> None:
        with _workspace() as folder:
            for _ in range(size.commands // 2):
                sandbox.run(Command(NOTHING, folder))

    def rate() -> float:
        begin = time.perf_counter()
        with ThreadPoolExecutor(ATTEMPTS) as pool:
            list(pool.map(work, range(ATTEMPTS)))
        return ATTEMPTS * (size.commands // 2) / (time.perf_counter() - begin)

    return max(rate() for _ in range(size.batches))


def _overhead(sandbox: Sandbox, folder: Path, size: Size) -> float:
    """CPU seconds of a program inside over those outside, the least of each."""
    program = (
        str(INTERPRETER / "bin" / Path(sys.executable).resolve().name),
        "-I",
        "-c",
        COMPUTE.format(n=size.additions),
    )
    inside, outside = list[float](), list[float]()
    for _ in range(size.batches):
        inside.append(json.loads(sandbox.run(Command(program, folder)).output))
        outside.append(json.loads(subprocess.run(program, capture_output=True, check=True).stdout))
    return min(inside) / min(outside)


@contextmanager
def _workspace() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="benchmark-"))
    try:
        yield folder
    finally:
        remove(folder)
