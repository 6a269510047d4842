"""Measures the peak memory of publishing a small and a large release; it must not grow with their size."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from flows.settings import Settings
from tests.benchmarks.figure import Figure
from tests.benchmarks.publish.made import long_lake, measured

FIGURES = ("publish.peak_mb_small", "publish.peak_mb_large", "publish.peak_mb")
FULL, SMOKE = (250, 2_000), (2, 8)
"""Trajectories of about 50K tokens in the small and in the large release."""


def figures(sizes: tuple[int, int]) -> Iterator[Figure]:
    """The peak of a process that publishes the lake and does nothing else."""
    peaks: list[float] = []
    for name, trajectories in zip(("small", "large"), sizes, strict=True):
        with tempfile.TemporaryDirectory() as home:
            long_lake(Settings(home=Path(home)), trajectories)
            peaks.append(measured("publish", home).peak_mb)
        yield Figure(f"publish.peak_mb_{name}", round(peaks[-1]), "MB", f"{trajectories} rows of 50K tokens")
    yield Figure("publish.peak_mb", round(max(peaks)), "MB", f"up to {sizes[-1]} rows of 50K tokens")
