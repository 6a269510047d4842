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
    "refine.all_unsketched_vs_scan_cpu",
    "refine.ahead_cpu_ms",
    "refine.all_peak_mb",
)
AGAINST = "DuckDB reading the same columns once"


@dataclass(frozen=True)
class Size:
    """Trajectories of 45K tokens, and scans, of which the median counts."""

    rows: int
    scans: int


FULL, SMOKE = Size(FULL_ROWS, 5), Size(64, 1)
"""One refine with nothing prepared takes a minute or more, and varies less than the scans that it is compared with."""


def figures(size: Size) -> Iterator[Figure]:
    """Throughput, cost over that of a scan, CPU of the preparation, and peak memory."""
    lake = made_lake(Shape(size.rows))
    scans = [measured("read_all", lake, "2GB") for _ in range(size.scans)]
    scan, scan_cpu = middle(scans), median(one.cpu for one in scans)
    ahead, night = measured_all(["ahead", "whole"], lake, "2GB")
    yield Figure("refine.rows_per_s", round(size.rows / night.seconds), "trajectories/s")
    yield Figure("refine.all_vs_scan", round(night.seconds / scan, 2), "ratio", f"{AGAINST}; a night's refine")
    cost = ahead.cpu / size.rows * 1000
    yield Figure("refine.ahead_cpu_ms", round(cost, 2), "CPU ms per trajectory", "trajectories of 45K tokens")
    whole = measured("whole", lake, "2GB")
    yield Figure("refine.all_unsketched_vs_scan", round(whole.seconds / scan, 2), "ratio", AGAINST)
    cpu = round(whole.cpu / scan_cpu, 2)
    yield Figure("refine.all_unsketched_vs_scan_cpu", cpu, "ratio of CPU seconds", AGAINST)
    yield Figure("refine.all_peak_mb", round(whole.peak_mb), "MB", "DuckDB limited to 2 GB")
