"""Measures the cost of all of refine, every gate, against DuckDB reading the same columns once.

While the teacher is at work, the rollout already sketches the trajectories that landed and caches the answers of the
gates that look at one trajectory. So there are three figures of cost: a night's refine, which finds that prepared; the
preparation itself; and a refine with nothing prepared, as after an upgrade or over a lake made elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from tests.benchmarks.figure import Figure
from tests.benchmarks.refine.made import FULL_ROWS, made_lake, measured, measured_all, middle
from tests.doubles.lakes.labelled_lake import Shape

FIGURES = (
    "refine.rows_per_s",
    "refine.all_vs_scan",
    "refine.all_unsketched_vs_scan",
    "refine.ahead_cpu_ms",
    "refine.all_peak_mb",
)
AGAINST = "DuckDB reading the same columns once"


@dataclass(frozen=True)
class Size:
    """Trajectories of 45K tokens, and repeats, of which the median counts."""

    rows: int
    repeats: int


FULL, SMOKE = Size(FULL_ROWS, 3), Size(64, 1)


def figures(size: Size) -> Iterator[Figure]:
    """Throughput, cost over that of a scan, CPU of the preparation, and peak memory."""
    lake = made_lake(Shape(size.rows))
    rounds = [
        [
            measured("read_all", lake, "2GB"),
            *measured_all(["ahead", "whole"], lake, "2GB"),
            measured("whole", lake, "2GB"),
        ]
        for _ in range(size.repeats)
    ]
    reads, aheads, nights, wholes = ([run[place] for run in rounds] for place in range(4))
    yield Figure("refine.rows_per_s", round(size.rows / middle(nights)), "trajectories/s")
    yield Figure(
        "refine.all_vs_scan", round(middle(nights) / middle(reads), 2), "ratio", f"{AGAINST}; a night's refine"
    )
    yield Figure("refine.all_unsketched_vs_scan", round(middle(wholes) / middle(reads), 2), "ratio", AGAINST)
    cost = median(run.cpu for run in aheads) / size.rows * 1000
    yield Figure("refine.ahead_cpu_ms", round(cost, 2), "CPU ms per trajectory", "trajectories of 45K tokens")
    yield Figure("refine.all_peak_mb", round(max(run.peak_mb for run in wholes)), "MB", "DuckDB limited to 2 GB")
