"""Measures the throughput of an upload to S3, against boto3 uploading the same file."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from flows.publish.stores.multipart import Upload
from flows.publish.stores.s3 import S3Store
from tests.benchmarks.figure import Figure
from tests.benchmarks.publish.made import seconds_of
from tests.doubles.stores.s3 import seaweed

FIGURES = ("publish.upload_mb_per_s", "publish.upload_ratio")


@dataclass(frozen=True)
class Size:
    """Bytes of the file, more than one part of a multipart upload, and rounds, of which the median counts."""

    bytes: int
    rounds: int


FULL, SMOKE = Size(256 * 1024 * 1024, 11), Size(24 * 1024 * 1024, 1)


def figures(size: Size) -> Iterator[Figure]:
    """A file into SeaweedFS on the same machine; the two ways take turns at going first."""
    with tempfile.TemporaryDirectory() as folder, seaweed(Path(folder)) as server:
        os.environ.update(server.environment())
        path, client, own = Path(folder) / "shard", server.client(), S3Store("s3://upload", server.endpoint).client
        path.write_bytes(np.random.default_rng(0).bytes(size.bytes))
        client.create_bucket(Bucket="upload")
        ways: dict[str, Callable[[str], object]] = {
            "ours": lambda key: Upload(own, "upload", key, path, {}).run(),
            "bare": lambda key: client.upload_file(str(path), "upload", key),
        }
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(size.rounds):
            for way in list(ways)[:: 1 if number % 2 else -1]:
                seconds[way].append(seconds_of(ways[way], f"{way}{number}"))
                client.delete_object(Bucket="upload", Key=f"{way}{number}")
    ours, bare = median(seconds["ours"]), median(seconds["bare"])
    yield Figure("publish.upload_mb_per_s", round(size.bytes / 1e6 / ours, 1), "MB/s")
    yield Figure("publish.upload_ratio", round(bare / ours, 2), "ratio", "boto3 upload_file of the same file")
