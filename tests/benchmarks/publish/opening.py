"""How long a trainer waits: to open a release in `datasets`, and to stream its first row."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from flows.publish.release import publish_night
from flows.settings import Settings
from tests.benchmarks.figure import Figure
from tests.benchmarks.publish.made import DAY, long_lake, measured
from warehouse.console.progress import silent

TRAJECTORIES = 160
SHARD_MB = 8


def figures() -> Iterator[Figure]:
    """Several shards of rows of about 50K tokens, each time in a fresh process with an empty cache."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        publish = settings.publish.model_copy(update={"to": f"{folder}/release", "shard_mb": SHARD_MB})
        long_lake(settings, TRAJECTORIES)
        publish_night(settings.model_copy(update={"publish": publish}), DAY, silent)
        seconds = measured("open", f"{folder}/release/latest").seconds
    of = f"{TRAJECTORIES} rows of 50K tokens, empty cache, `import datasets` not counted"
    yield Figure("publish.open_s", round(seconds["open"], 2), "s", of)
    yield Figure("publish.first_row_s", round(seconds["first_row"], 2), "s", of)
    yield Figure("publish.load_s", round(seconds["load"], 2), "s", of)
