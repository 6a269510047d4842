"""Measures refine's reading on a Ray cluster of two nodes with one worker each, against one such node in the same run.

Both read the same lake into an empty home, on a cluster that is up and at rest: a node that was just added starts its
agents for some seconds. The start of the workers counts: each spends about three CPU seconds on imports, rules and
plans before it reads, one part in thirty of the work here and one in a hundred and twenty of a night of 100,000
trajectories, so the figure is lower than a night's. On a machine of two cores the processes of Ray itself compete with
the workers.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psutil

from flows.refine.cluster_prepare import prepare_on_cluster
from flows.refine.dedupe.sketch import parts_of
from flows.settings import Engine
from tests.benchmarks.figure import Figure, MissingTool
from tests.benchmarks.refine.child import settings_over
from tests.benchmarks.refine.made import made_lake
from tests.doubles.lakes.labelled_lake import Shape
from tests.doubles.ray_cluster import SmallCluster, small_cluster
from warehouse.console.progress import silent
from warehouse.lake import Lake

FIGURES = ("scale.ray_speedup_2",)


@dataclass(frozen=True)
class Size:
    """Trajectories, their turns, and rounds, of which the fastest counts.

    `rest_s` are the seconds after which a round begins in any case, at rest or not.
    """

    shape: Shape
    rounds: int
    rest_s: int


FULL, SMOKE = Size(Shape(24_000), 2, 60), Size(Shape(512, 4), 1, 0)
"""At full size one worker reads for about a minute and a half, and a run takes five minutes; to make the lake, which
stays in the cache, takes three more and 0.9 GB."""
REST_SHARE = 0.1
"""Share of the machine's CPU below which it is at rest."""


def figures(size: Size) -> Iterator[Figure]:
    """Seconds of one worker over those of two."""
    if find_spec("ray") is None:
        raise MissingTool("ray is not installed: pip install 'horizon-factory[ray]'", "REQUIRE_RAY")
    lake = made_lake(size.shape)
    with small_cluster(1) as cluster:
        rounds = [_both(cluster, lake, size.rest_s) for _ in range(size.rounds)]
    one, two = (min(side) for side in zip(*rounds, strict=True))
    yield Figure("scale.ray_speedup_2", round(one / two, 2), "x", f"one worker, {one:.1f} s, for {size.shape}")


def _both(cluster: SmallCluster, lake: Path, rest_s: int) -> tuple[float, float]:
    _rest(rest_s)
    one = _seconds(cluster, lake)
    cluster.add_node()
    _rest(rest_s)
    two = _seconds(cluster, lake)
    cluster.lose_node(0)
    return one, two


def _rest(rest_s: int) -> None:
    """Wait until nothing is busy for a second."""
    ends = time.monotonic() + rest_s
    while psutil.cpu_percent(1) > 100 * REST_SHARE and time.monotonic() < ends:
        pass


def _seconds(cluster: SmallCluster, lake: Path) -> float:
    with tempfile.TemporaryDirectory() as home:
        settings = settings_over(Lake(lake), Path(home), "1GB")
        settings = settings.model_copy(update={"engine": Engine(kind="ray", address=cluster.address)})
        parts = parts_of(Lake(settings.lake))
        began = time.perf_counter()
        if prepare_on_cluster(settings, parts, silent) != len(parts) - 1:
            raise RuntimeError(f"{len(parts) - 1} parts were to be read")
        return time.perf_counter() - began
