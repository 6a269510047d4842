"""Measures the cost of Prefect per night: the steps run through the flow, against the same steps called directly.

The overhead is the difference in a home where all work is done, so that nothing but the orchestration takes time. Its
share is that of a small real night over the embedded site with the embedded teacher.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.figure import Figure

DAY = "2026-01-01"
PLAIN = [sys.executable, "-m", "tests.doubles.line", DAY]
THROUGH_PREFECT = [str(Path(sys.executable).with_name("factory")), "run", "--date", DAY]
FIGURES = ("nightly.orchestration_share", "nightly.orchestration_s")


@dataclass(frozen=True)
class Size:
    """Pages crawled, tasks per night, and attempts at each."""

    pages: int
    tasks: int
    samples: int


FULL, SMOKE = Size(60, 8, 2), Size(20, 1, 1)


def figures(size: Size) -> Iterator[Figure]:
    """Seconds that Prefect adds, and their share of a night."""
    settings = f"[crawl]\nmax_pages = {size.pages}\n[tasks]\nper_night = {size.tasks}\nsamples = {size.samples}\n"
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "factory.toml").write_text(settings)
        night = _seconds(PLAIN, home)
        plain = _seconds(PLAIN, home)
        overhead = _seconds(THROUGH_PREFECT, home) - plain
    yield Figure("nightly.orchestration_share", round(overhead / (night + overhead), 3), "share of wall time",
                 f"a night of {size.tasks} tasks, {night:.0f} s")  # fmt: skip
    yield Figure("nightly.orchestration_s", round(overhead, 1), "s", "the same steps called directly")


def _seconds(command: list[str], home: Path) -> float:
    environment = os.environ | {"PYTHONPATH": str(Path.cwd())}
    start = time.perf_counter()
    subprocess.run(command, cwd=home, env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start
