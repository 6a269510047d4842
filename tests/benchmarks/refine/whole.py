"""What all of refine costs, every gate, beside DuckDB reading the same columns once."""

from collections.abc import Iterator

from tests.benchmarks.figure import Figure
from tests.benchmarks.refine.made import LONG, ROWS, made_lake, measured, middle

REPEATS = 3


def figures() -> Iterator[Figure]:
    lake = made_lake(LONG)
    rounds = [[measured(what, lake, "2GB") for what in ("read_all", "whole")] for _ in range(REPEATS)]
    reads, ours = ([run[place] for run in rounds] for place in range(2))
    yield Figure("refine.rows_per_s", round(ROWS / middle(ours)), "trajectories/s")
    against = "DuckDB reading the same columns once"
    yield Figure("refine.all_vs_scan", round(middle(ours) / middle(reads), 2), "ratio", against)
    yield Figure("refine.all_peak_mb", round(max(run.peak_mb for run in ours)), "MB", "DuckDB limited to 2 GB")
