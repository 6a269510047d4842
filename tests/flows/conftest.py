"""S3 servers for all tests of flows: slow to start, safe to share, one bucket per test."""

from collections.abc import Iterator

import pytest

from tests.doubles.stores.s3 import S3Server, moto, seaweed


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server


@pytest.fixture(scope="session")
def quick() -> Iterator[S3Server]:
    with moto() as server:
        yield server
