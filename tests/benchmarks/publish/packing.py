"""How full the windows of a pack plan are."""

from collections.abc import Iterator

import numpy as np

from flows.publish.build.packing import WINDOWS, best_fit
from tests.benchmarks.figure import Figure


def figures() -> Iterator[Figure]:
    """10,000 rows of log-normal length (sigma 0.6), mean 45,000 tokens; pack_fill is the worst of the windows."""
    drawn = np.random.default_rng(0).lognormal(0.0, 0.6, 10_000)
    fills: list[float] = []
    for window in WINDOWS:
        lengths = [length for length in (drawn / drawn.mean() * 45_000).astype(int).tolist() if length <= window]
        fills.append(sum(lengths) / (len(best_fit(lengths, window)) * window))
        yield Figure(f"publish.pack_fill_{window}", round(fills[-1], 4), "share", "windows without padding")
    yield Figure("publish.pack_fill", round(min(fills), 4), "share", "windows without padding")
