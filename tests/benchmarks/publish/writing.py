"""Measures the throughput of making a release, against pyarrow writing the same rows from memory at the same level."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from flows.publish.build.shards import ShardFiles
from flows.publish.release import run_publish
from flows.settings import Settings
from tests.benchmarks.figure import Figure
from tests.benchmarks.publish.made import DAY, long_lake, published_to, seconds_of
from warehouse.console.progress import silent

FIGURES = ("publish.mb_per_s", "publish.plain_mb_per_s", "publish.whole_ratio", "publish.write_ratio")
AGAINST = "pyarrow.parquet.write_table of the same rows in memory, zstd 3"


@dataclass(frozen=True)
class Size:
    """Trajectories of about 50K tokens, and rounds, of which the fastest counts."""

    trajectories: int
    rounds: int


FULL, SMOKE = Size(160, 3), Size(8, 1)


def figures(size: Size) -> Iterator[Figure]:
    """Megabytes are those of the rows as Arrow data, before they are encoded."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        long_lake(settings, size.trajectories)
        run_publish(published_to(settings, "first"), DAY, silent)
        rows = pa.concat_tables([pq.read_table(path) for path in sorted(Path(folder).glob("first/latest/data/*"))])
        works: dict[str, Callable[[str], object]] = {
            "whole": lambda name: run_publish(published_to(settings, name), DAY, silent),
            "shards": lambda name: _shards(rows, published_to(settings, name)),
            "plain": lambda name: _plain(rows, f"{folder}/{name}"),
        }
        rounds = [
            {work: seconds_of(do, f"{work}{number}") for work, do in works.items()} for number in range(size.rounds)
        ]
    best = {work: min(seconds[work] for seconds in rounds) for work in works}
    megabytes = rows.nbytes / 1e6
    yield Figure("publish.mb_per_s", round(megabytes / best["whole"], 1), "MB/s")
    yield Figure("publish.plain_mb_per_s", round(megabytes / best["plain"], 1), "MB/s")
    yield Figure("publish.whole_ratio", round(best["plain"] / best["whole"], 2), "ratio", AGAINST)
    yield Figure("publish.write_ratio", round(best["plain"] / best["shards"], 2), "ratio", AGAINST)


def _shards(rows: pa.Table, settings: Settings) -> None:
    """Write the shards of rows that are in memory, with their hashes, and nothing else of a release."""
    data = Path(settings.publish.to) / "data"
    data.mkdir(parents=True)
    files = ShardFiles(data, "train", settings.publish)
    for start in range(0, rows.num_rows, 64):
        files.add(rows.slice(start, 64))
    files.end()
    files.seal({})


def _plain(rows: pa.Table, path: str) -> None:
    pq.write_table(rows, path, compression="zstd", compression_level=3, row_group_size=128)
