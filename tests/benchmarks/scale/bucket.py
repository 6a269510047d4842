"""Measures what a lake in a bucket costs refine: the same lake on the disk and in SeaweedFS on the same machine.

Each run is a process of its own with an empty home, so it sketches, reads and decides everything. Both places take
turns at going first; the ratio is of the least seconds. SeaweedFS works on the same cores, so its own time counts too.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from flows.refine.decide import run_refine
from flows.settings import Refine, Settings
from schemas import RECORDS
from tests.benchmarks.figure import Figure
from tests.benchmarks.refine.child import settings_over
from tests.benchmarks.refine.made import made_lake
from tests.doubles.lakes.labelled_lake import Shape
from tests.doubles.stores.s3 import S3Server, seaweed
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.objects import ObjectPath, place_of

FIGURES = ("scale.s3_overhead",)
BUCKET, LIMIT = "benchmark", "1GB"
NIGHT = date(2026, 11, 20)


@dataclass(frozen=True)
class Size:
    """Trajectories of the lake, and runs in each place."""

    rows: int
    rounds: int


FULL, SMOKE = Size(2_000, 3), Size(32, 1)


@dataclass(frozen=True)
class Spent:
    """Wall and CPU seconds of a refine."""

    seconds: float
    cpu: float


def figures(size: Size) -> Iterator[Figure]:
    """The least wall seconds of refine with the lake in the bucket, by those with it on the disk."""
    lake = Lake(made_lake(Shape(size.rows)))
    with tempfile.TemporaryDirectory() as folder, seaweed(Path(folder)) as server:
        bucket = _uploaded(lake, server, Path(folder))
        runs: dict[bool, list[Spent]] = {True: [], False: []}
        for number in range(2 * size.rounds):
            in_bucket = number % 4 in (0, 3)
            runs[in_bucket].append(_refined(bucket if in_bucket else lake.root, server))
        remote, local = (min(one.seconds for one in runs[place]) for place in (True, False))
        cpu = min(one.cpu for one in runs[True]) / min(one.cpu for one in runs[False])
        parts = sum(len(lake.parts(model)) for model in RECORDS)
        beside = f"{local:.1f} s on the disk, {parts} parts; CPU time of the process {cpu:.2f} x"
        yield Figure("scale.s3_overhead", round(remote / local, 2), "x", beside)


def _uploaded(lake: Lake, server: S3Server, folder: Path) -> ObjectPath:
    """The lake, copied into a bucket of the server."""
    server.client().create_bucket(Bucket=BUCKET)
    os.environ |= server.environment()
    place = place_of(f"s3://{BUCKET}/lake", server.endpoint, folder / "local")
    Lake(place).prepare()
    for part in (part for model in RECORDS for part in lake.parts(model)):
        with part.open("rb") as file:
            (place / part.relative_to(lake.root)).put(file)
    return place


def _refined(root: Path, server: S3Server) -> Spent:
    """One refine in a process of its own; its decisions are removed again."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "-m", __name__, str(root), home]
        endpoint = {"FACTORY_LAKE_ENDPOINT_URL": server.endpoint}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | endpoint)
    if isinstance(root, ObjectPath):
        for record in ("decision", "checksums"):
            for left in root.glob(f"{record}/**/*-refine-*"):
                left.unlink()
    return Spent(*json.loads(done.stdout.splitlines()[-1]))


def main(address: str, home: Path) -> None:
    """Refine the lake at an address once, and print the seconds."""
    refine = Refine(memory_limit=LIMIT)
    is_remote = address.startswith("s3://")
    settings = Settings(home=home, lake_address=address, refine=refine) if is_remote else None
    settings = settings or settings_over(Lake(Path(address)), home, LIMIT)
    began, before = time.perf_counter(), _cpu()
    run_refine(settings, NIGHT, silent)
    print(json.dumps([time.perf_counter() - began, _cpu() - before]))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
