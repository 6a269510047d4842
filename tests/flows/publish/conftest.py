"""What is slow to start and safe to share: the S3 servers, once for all tests; each test takes a bucket of its own."""

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
