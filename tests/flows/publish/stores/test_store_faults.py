"""A store that fails one request in five, and publishers that are killed: readers never see a partial release."""

import multiprocessing
import os
import random
import signal
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Timer

import pytest

from flows.publish.errors import DamagedRelease, PublishError, StoreError
from flows.publish.release import run_publish
from flows.publish.stores.multipart import PART_BYTES, Upload
from flows.publish.stores.pull import pull, verify
from flows.publish.stores.s3 import S3Store
from flows.settings import Publish, Settings
from schemas import Manifest
from tests.doubles.stores.faulty_s3 import faulty
from tests.doubles.stores.s3 import S3Server
from tests.flows.publish.stores.test_store_s3 import bucket_of, seen, use
from tests.flows.publish.test_publish import DAY, kept_lake, settings_of
from warehouse.console.progress import silent

pytestmark = pytest.mark.slow

PUBLISHERS = int(os.environ.get("STORE_PUBLISHERS", "4"))
PUBLISHES = 5 * PUBLISHERS
FILES = 6
"""Of a release: two shards, four pack plans; the manifest follows."""
FORKS = multiprocessing.get_context("forkserver")


@pytest.fixture
def server(real: S3Server, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    use(real, monkeypatch)
    return real


@dataclass(frozen=True)
class Death:
    """A kill of a publisher `seconds` after its start (files: 0), or after it starts to send its nth file."""

    files: int
    seconds: float

    def hangs_over(self, done: int, total: int | None, note: str = "") -> None:
        """A progress callback that sleeps at a given note."""
        if note.startswith("sending") and done + 1 == self.files:
            self.begin()

    def begin(self) -> None:
        Timer(self.seconds, os.kill, (os.getpid(), signal.SIGKILL)).start()


def publish(settings: Settings, environment: dict[str, str], death: Death | None) -> None:
    """One publish in a process of its own; exit code 1 after a store error."""
    os.environ.update(environment)
    if death and not death.files:
        death.begin()
    try:
        run_publish(settings, DAY, death.hangs_over if death else silent)
    except StoreError:
        os._exit(1)
    os._exit(0)


def publisher(wishes: Connection) -> None:
    """Runs each requested publish in a forked process, so that imports are paid once."""
    import tests.flows.rollout.warmed  # noqa: F401

    while wish := wishes.recv():
        if os.fork() == 0:
            publish(*wish)
        wishes.send({0: "whole", 1: "gave up", -signal.SIGKILL: "killed"}[os.waitstatus_to_exitcode(os.wait()[1])])


def nights(number: int, server: S3Server, home: Path, endpoint: str) -> tuple[Counter[str], list[Manifest]]:
    """The publishes of one publisher, in order: their exit codes, and the release that a reader sees after each.

    A killed publish is repeated until it succeeds; then the next one starts.
    """
    bucket, settings = bucket_of(server, home)
    kept_lake(settings)
    mine, theirs = FORKS.Pipe()
    process = FORKS.Process(target=publisher, args=(theirs,), daemon=True)
    process.start()
    dice, ends, orders = random.Random(number), Counter[str](), list[Manifest]()
    for night in range(PUBLISHES // PUBLISHERS):
        wish = settings.publish.model_dump() | {"seed": 10 * number + night // 3, "endpoint_url": endpoint}
        tonight = settings.model_copy(update={"publish": Publish(**wish)})
        death = None if night in (2, 4) else Death(dice.randint(0, FILES + 1), dice.uniform(0.0, 0.4))
        mine.send((tonight, server.environment(), death))
        ends[mine.recv()] += 1
        manifest = seen(server, bucket)
        if manifest and manifest not in orders[-1:]:
            orders.append(manifest)
    mine.send(None)
    process.join()
    assert verify(f"s3://{bucket}/team/sets", silent, server.endpoint) == orders[-1]
    return ends, orders


def test_publishes_with_faults_and_kills_never_show_a_partial_release(
    server: S3Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A trainer must not read half a release, or an older one after a newer one."""
    with faulty(server.endpoint, share=0.2, seed=5) as proxy, ThreadPoolExecutor(PUBLISHERS) as run_parallel:
        homes = [tmp_path / str(number) for number in range(PUBLISHERS)]
        ran = [run_parallel.submit(nights, number, server, home, proxy.endpoint) for number, home in enumerate(homes)]
        ends = sum((one.result()[0] for one in ran), Counter[str]())
        orders = [manifest for one in ran for manifest in one.result()[1]]
    needed = sum(file.size for manifest in orders for file in manifest.files)
    acknowledged = {place: size for place, size in proxy.acknowledged.items() if ".parquet?" in place}
    again = {place: size for place, size in proxy.sent_again.items() if place in acknowledged}
    with capsys.disabled():
        print(
            f"\n{dict(ends)}, {dict(proxy.seen)}, {len(orders)} releases of {needed} bytes: "
            f"{sum(acknowledged.values())} bytes of {len(acknowledged)} files stored, {sum(again.values())} sent again"
        )
    assert len({manifest.release_id for manifest in orders}) == len(orders) == 2 * PUBLISHERS
    assert ends.total() == PUBLISHES and ends["killed"] >= PUBLISHERS and ends["whole"] >= 3
    assert min(proxy.seen[kind] for kind in ("500", "503", "cut", "reset")) > 0
    assert acknowledged and not again


def test_an_interrupted_upload_sends_only_the_missing_parts(server: S3Server, tmp_path: Path) -> None:
    """A terabyte that is interrupted at its last part must not be sent again from the first."""
    bucket, _ = bucket_of(server, tmp_path)
    path = tmp_path / "shard"
    path.write_bytes(random.Random(0).randbytes(3 * PART_BYTES + 1_000))
    with faulty(server.endpoint, share=0.0) as proxy:
        client = S3Store(f"s3://{bucket}", proxy.endpoint).client
        begun = client.create_multipart_upload(Bucket=bucket, Key="shard", ChecksumAlgorithm="SHA256")
        for number in (1, 3):
            body = path.read_bytes()[(number - 1) * PART_BYTES : number * PART_BYTES]
            client.upload_part(
                Bucket=bucket,
                Key="shard",
                UploadId=begun["UploadId"],
                PartNumber=number,
                Body=body,
                ChecksumAlgorithm="SHA256",
            )
        before = proxy.bytes_in
        sent = Upload(client, bucket, "shard", path, {"sha256": "x"}).run()
        again = proxy.bytes_in - before
    assert (sent.sent, sent.resumed) == (2, 2)
    assert PART_BYTES < again < 1.2 * PART_BYTES
    assert server.read(bucket, "shard") == path.read_bytes()


@pytest.fixture
def published(server: S3Server, tmp_path: Path) -> tuple[str, Settings]:
    bucket, settings = bucket_of(server, tmp_path)
    kept_lake(settings)
    run_publish(settings, DAY, silent)
    return bucket, settings


def test_a_pull_through_faults_gives_the_bytes_that_were_published(
    server: S3Server, published: tuple[str, Settings], tmp_path: Path
) -> None:
    """A truncated file that passes as whole fails a training run days later, or never."""
    bucket, _ = published
    here = settings_of(tmp_path, to=str(tmp_path / "here"))
    run_publish(here, DAY, silent)
    with faulty(server.endpoint, share=0.2, seed=1) as proxy:
        place = pull(f"s3://{bucket}/team/sets", tmp_path / "pulled", silent, proxy.endpoint)
    same = {path.relative_to(place): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    there = tmp_path / "here" / place.name
    assert same == {path.relative_to(there): path.read_bytes() for path in there.rglob("*") if path.is_file()}
    assert pull(f"s3://{bucket}/team/sets", tmp_path / "pulled", silent, server.endpoint) == place


def test_a_pull_resumes_in_the_middle_of_a_file(
    server: S3Server, published: tuple[str, Settings], tmp_path: Path
) -> None:
    """Downloaded bytes are not downloaded again, and wrong bytes are not used."""
    bucket, _ = published
    address, manifest = f"s3://{bucket}/team/sets", seen(server, bucket)
    assert manifest
    shard, wrong = manifest.shards[0], manifest.shards[-1]
    work = tmp_path / "pulled" / f".{manifest.name}.pulling"
    (work / "data").mkdir(parents=True)
    body = server.read(bucket, f"team/sets/{manifest.name}/{shard.path}")
    (work / shard.path).write_bytes(body[: len(body) // 2])
    (work / wrong.path).write_bytes(b"x" * 10)
    with pytest.raises(DamagedRelease, match="Run again"):
        pull(address, tmp_path / "pulled", silent, server.endpoint)
    assert (work / shard.path).read_bytes() == body
    assert pull(address, tmp_path / "pulled", silent, server.endpoint).name == manifest.name


def test_verify_names_each_damaged_file(server: S3Server, published: tuple[str, Settings]) -> None:
    """A bit flip or a deleted file is better found by a check than by a loss curve."""
    bucket, _ = published
    address, manifest = f"s3://{bucket}/team/sets", seen(server, bucket)
    assert manifest and verify(address, silent, server.endpoint) == manifest
    assert verify(f"{address}/{manifest.name}", silent, server.endpoint) == manifest
    first, second = manifest.shards[0], manifest.packs[0]
    key = f"team/sets/{manifest.name}"
    body = bytearray(server.read(bucket, f"{key}/{first.path}"))
    body[len(body) // 2] ^= 1
    server.client().put_object(Bucket=bucket, Key=f"{key}/{first.path}", Body=bytes(body))
    server.client().delete_object(Bucket=bucket, Key=f"{key}/{second.path}")
    with pytest.raises(DamagedRelease) as caught:
        verify(address, silent, server.endpoint)
    assert f"{first.path} has other bytes" in str(caught.value) and f"{second.path} cannot be read" in str(caught.value)
    stray = f"{key}/data/train-00000-of-00009.parquet"
    server.client().put_object(Bucket=bucket, Key=stray, Body=b"PAR1")
    server.client().delete_object(Bucket=bucket, Key=f"{key}/README.md")
    with pytest.raises(DamagedRelease, match=r"README.md is missing.*00009.parquet is not part of the release"):
        verify(address, silent, server.endpoint)
    with pytest.raises(PublishError, match="there is no release"):
        verify(f"s3://{bucket}/elsewhere", silent, server.endpoint)
