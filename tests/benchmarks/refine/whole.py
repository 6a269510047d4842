"""What all of refine costs, every gate, beside DuckDB reading the same columns once.

A night's refine finds what landed already read, and what can be said of each trajectory alone said, since that is done
while the teacher is at work; what that cost stands beside it, and so does a refine that has all to read itself: of a
lake from elsewhere, or after an upgrade.
"""

from collections.abc import Iterator
from statistics import median

from tests.benchmarks.figure import Figure
from tests.benchmarks.refine.made import LONG, ROWS, made_lake, measured, measured_all, middle

REPEATS = 3
AGAINST = "DuckDB reading the same columns once"


def figures() -> Iterator[Figure]:
    lake = made_lake(LONG)
    rounds = [
        [
            measured("read_all", lake, "2GB"),
            *measured_all(["ahead", "whole"], lake, "2GB"),
            measured("whole", lake, "2GB"),
        ]
        for _ in range(REPEATS)
    ]
    reads, aheads, nights, wholes = ([run[place] for run in rounds] for place in range(4))
    yield Figure("refine.rows_per_s", round(ROWS / middle(nights)), "trajectories/s")
    yield Figure(
        "refine.all_vs_scan", round(middle(nights) / middle(reads), 2), "ratio", f"{AGAINST}; a night's refine"
    )
    yield Figure("refine.all_unsketched_vs_scan", round(middle(wholes) / middle(reads), 2), "ratio", AGAINST)
    cost = median(run.cpu for run in aheads) / ROWS * 1000
    yield Figure("refine.ahead_cpu_ms", round(cost, 2), "CPU ms a trajectory", "one of 45K tokens")
    yield Figure("refine.all_peak_mb", round(max(run.peak_mb for run in wholes)), "MB", "DuckDB limited to 2 GB")
