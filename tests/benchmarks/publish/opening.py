"""Measures the wait of a trainer: seconds to open a release with `datasets`, to stream its first row, to load it."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flows.publish.release import run_publish
from flows.settings import Settings
from tests.benchmarks.figure import Figure
from tests.benchmarks.publish.made import DAY, long_lake, measured
from warehouse.console.progress import silent

FIGURES = ("publish.open_s", "publish.first_row_s", "publish.load_s")


@dataclass(frozen=True)
class Size:
    """Trajectories of the release, and the megabytes after which a shard is closed."""

    trajectories: int
    shard_mb: int


FULL, SMOKE = Size(160, 8), Size(8, 1)


def figures(size: Size) -> Iterator[Figure]:
    """Several shards of rows of about 50K tokens, each time in a fresh process with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        publish = settings.publish.model_copy(update={"to": f"{folder}/release", "shard_mb": size.shard_mb})
        long_lake(settings, size.trajectories)
        run_publish(settings.model_copy(update={"publish": publish}), DAY, silent)
        seconds = measured("open", f"{folder}/release/latest").seconds
    of = f"{size.trajectories} rows of 50K tokens, empty cache, `import datasets` not counted"
    yield Figure("publish.open_s", round(seconds["open"], 2), "s", of)
    yield Figure("publish.first_row_s", round(seconds["first_row"], 2), "s", of)
    yield Figure("publish.load_s", round(seconds["load"], 2), "s", of)
