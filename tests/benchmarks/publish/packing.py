"""Measures the fill of a pack plan: the share of its training windows that holds tokens."""

from collections.abc import Iterator

import numpy as np

from flows.publish.build.packing import WINDOWS, best_fit
from tests.benchmarks.figure import Figure

FIGURES = (*(f"publish.pack_fill_{window}" for window in WINDOWS), "publish.pack_fill")
FULL, SMOKE = 10_000, 500
"""Rows of log-normal length (sigma 0.6), mean 45,000 tokens."""


def figures(rows: int) -> Iterator[Figure]:
    """The fill of each window's plan; pack_fill is the smallest of them."""
    drawn = np.random.default_rng(0).lognormal(0.0, 0.6, rows)
    fills: list[float] = []
    for window in WINDOWS:
        lengths = [length for length in (drawn / drawn.mean() * 45_000).astype(int).tolist() if length <= window]
        fills.append(sum(lengths) / (len(best_fit(lengths, window)) * window))
        yield Figure(f"publish.pack_fill_{window}", round(fills[-1], 4), "share", "windows without padding")
    yield Figure("publish.pack_fill", round(min(fills), 4), "share", "windows without padding")
