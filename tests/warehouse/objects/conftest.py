"""A lake of one small night in a bucket of moto; each test has a bucket of its own."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest

from tests.doubles.lakes.small_lake import make_small_lake, write_records
from tests.doubles.stores.s3 import S3Server, moto
from warehouse.lake import Lake
from warehouse.objects import ObjectPath, place_of

NIGHT = date(2026, 1, 1)


@pytest.fixture(scope="session")
def quick() -> Iterator[S3Server]:
    with moto() as server:
        yield server


@pytest.fixture
def root(quick: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ObjectPath:
    """The root of a lake in an empty bucket."""
    for name, value in quick.environment().items():
        monkeypatch.setenv(name, value)
    bucket = f"lake-{uuid4().hex[:12]}"
    quick.client().create_bucket(Bucket=bucket)
    return place_of(f"s3://{bucket}/team/night", quick.endpoint, tmp_path / "local")


@pytest.fixture
def lake(root: ObjectPath) -> Lake:
    """The lake with one night of 4 trajectories."""
    written = Lake(root)
    write_records(written, NIGHT, make_small_lake(NIGHT, n_tasks=2))
    return written
