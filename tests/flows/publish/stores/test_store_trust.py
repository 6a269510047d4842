"""What a store must prove, and what we must not tell: conditions honoured, bytes confirmed, credentials kept."""

import os
import random
import traceback
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from flows.publish.errors import ConditionsIgnored, StoreError
from flows.publish.release import run_publish
from flows.publish.stores.multipart import PART_BYTES, Upload
from flows.publish.stores.s3 import S3Store
from flows.publish.stores.s3_errors import S3Errors
from flows.settings import Settings
from tests.doubles.stores.faulty_s3 import faulty
from tests.doubles.stores.s3 import S3Server
from tests.flows.publish.stores.test_store_s3 import bucket_of, seen, use
from tests.flows.publish.test_publish import DAY, kept_lake
from warehouse.console.progress import silent

CONDITIONS = frozenset({"if-none-match", "if-match"})


def at(settings: Settings, endpoint: str, **publish: object) -> Settings:
    update = {"endpoint_url": endpoint, **publish}
    return settings.model_copy(update={"publish": settings.publish.model_copy(update=update)})


@pytest.mark.slow
@pytest.mark.parametrize("ignored", sorted(CONDITIONS))
def test_a_store_that_ignores_conditions_is_refused_before_anything_is_sent(
    quick: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ignored: str
) -> None:
    """Two publishers would write over each other, and both would be told that all went well."""
    use(quick, monkeypatch)
    bucket, settings = bucket_of(quick, tmp_path)
    kept_lake(settings)
    with faulty(quick.endpoint, share=0.0, ignores=frozenset({ignored})) as lesser:
        with pytest.raises(ConditionsIgnored, match=r"If-None-Match.*sole_publisher"):
            run_publish(at(settings, lesser.endpoint), DAY, silent)
        assert quick.objects(bucket) == {}
        run_publish(at(settings, lesser.endpoint, sole_publisher=True), DAY, silent)
    assert seen(quick, bucket)
    assert not any("conditional" in key for key in quick.objects(bucket))


@pytest.mark.slow
def test_conditions_are_asked_of_a_store_that_fails_now_and_then(
    real: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply that was lost makes the first write look like a second: that must not pass for a store that ignores."""
    use(real, monkeypatch)
    bucket, _ = bucket_of(real, tmp_path)
    with faulty(real.endpoint, share=0.3, seed=4) as proxy:
        for _ in range(4):
            S3Store(f"s3://{bucket}/team", proxy.endpoint).check()
    assert sum(proxy.seen[kind] for kind in ("500", "503", "reset", "cut")) > 3
    assert real.objects(bucket) == {}


@pytest.mark.parametrize(("name", "size"), [("real", 4_000), ("quick", 4_000), ("quick", PART_BYTES + 4_000)])
def test_a_bit_that_changed_on_the_way_is_found(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: int
) -> None:
    """A store that checks refuses it; of one that does not, what it says that it got is compared."""
    server: S3Server = request.getfixturevalue(name)
    use(server, monkeypatch)
    bucket, _ = bucket_of(server, tmp_path)
    path = tmp_path / "shard"
    path.write_bytes(random.Random(0).randbytes(size))
    with faulty(server.endpoint, share=0.0, flips=True) as proxy:
        upload = Upload(S3Store(f"s3://{bucket}", proxy.endpoint).client, bucket, "shard", path, {})
        try:
            assert not upload.run().confirmed
        except ClientError as refused:
            assert name == "real" and "BadDigest" in str(refused)


def test_a_release_whose_bytes_changed_on_the_way_is_not_published(
    quick: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifest would vouch for bytes that the store does not have."""
    use(quick, monkeypatch)
    bucket, settings = bucket_of(quick, tmp_path)
    kept_lake(settings)
    with (
        faulty(quick.endpoint, share=0.0, flips=True) as proxy,
        pytest.raises(StoreError, match="differs from the sent file"),
    ):
        run_publish(at(settings, proxy.endpoint), DAY, silent)
    assert seen(quick, bucket) is None


def told(error: StoreError) -> str:
    """All that a traceback of it prints, with its causes."""
    return "".join(traceback.format_exception(error))


def test_no_credential_is_told_by_an_error_or_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A nightly's log is read by many: keys, session tokens and signed addresses must not be in it."""
    secrets = {
        "AWS_ACCESS_KEY_ID": "AKIAQYLPMN5HEXAMPLE7",
        "AWS_SECRET_ACCESS_KEY": "kd83/Jsk2+alPQ8s7dhEXAMPLEs93kd03ksLa2Ks",
        "AWS_SESSION_TOKEN": "FwoGZXIvYXdzEJr1K8example0token//////////wEaD",
    }
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    signed = (
        "https://b.example.org/k?X-Amz-Credential=AKIAQYLPMN5HEXAMPLE7%2F20260101%2Fs3&X-Amz-Signature=7a1c2c3b4d5e6f7a"
    )
    said = f"Request has expired: {signed} {' '.join(secrets.values())}"
    causes = [
        ClientError({"Error": {"Code": "403", "Message": said}}, "PutObject"),
        ClientError({"Error": {"Code": "Odd", "Message": said}}, "PutObject"),
        EndpointConnectionError(endpoint_url=f"http://team:pass-w0rd@127.0.0.1:9/{signed}"),
    ]
    for cause in causes:
        with (
            pytest.raises(StoreError) as caught,
            S3Errors("s3://b", "http://team:pass-w0rd@127.0.0.1:9").translated(),
        ):
            raise cause
        printed = told(caught.value).replace(Path(__file__).read_text(), "")
        for secret in (*secrets.values(), "7a1c2c3b4d5e6f7a", "pass-w0rd"):
            assert secret not in printed


def test_an_ordinary_error_keeps_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is secret, the trace down to the request is what a maintainer needs."""
    monkeypatch.setitem(os.environ, "AWS_ACCESS_KEY_ID", "test")
    cause = ClientError({"Error": {"Code": "InternalError", "Message": "latest test"}}, "PutObject")
    with pytest.raises(StoreError, match="latest test") as caught, S3Errors("s3://b", None).translated():
        raise cause
    assert caught.value.__cause__ is cause
