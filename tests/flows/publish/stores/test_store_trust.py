"""Trust in a store: conditional writes honoured, uploaded bytes confirmed, credentials kept out of messages."""

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
    """Two publishers would overwrite each other, and both would report success."""
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
def test_conditions_are_tested_through_transient_faults(
    real: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost response makes the first write look like a second: that is not a store that ignores conditions."""
    use(real, monkeypatch)
    bucket, _ = bucket_of(real, tmp_path)
    with faulty(real.endpoint, share=0.3, seed=4) as proxy:
        for _ in range(4):
            S3Store(f"s3://{bucket}/team", proxy.endpoint).check()
    assert sum(proxy.seen[kind] for kind in ("500", "503", "reset", "cut")) > 3
    assert real.objects(bucket) == {}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "size"), [("real", 4_000), ("quick", 4_000), ("quick", PART_BYTES + 4_000)])
def test_a_bit_flip_in_transit_is_found(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, size: int
) -> None:
    """Some stores refuse the body; of the others, the returned checksum is compared."""
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


def test_a_release_with_a_bit_flip_in_transit_is_not_published(
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


def printed(error: StoreError) -> str:
    """The traceback of an error with its causes, as text."""
    return "".join(traceback.format_exception(error))


def test_no_error_or_traceback_holds_a_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    """A nightly's log has many readers: keys, session tokens and signed addresses must not be in it."""
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
    message = f"Request has expired: {signed} {' '.join(secrets.values())}"
    causes = [
        ClientError({"Error": {"Code": "403", "Message": message}}, "PutObject"),
        ClientError({"Error": {"Code": "Odd", "Message": message}}, "PutObject"),
        EndpointConnectionError(endpoint_url=f"http://team:pass-w0rd@127.0.0.1:9/{signed}"),
    ]
    for cause in causes:
        with (
            pytest.raises(StoreError) as caught,
            S3Errors("s3://b", "http://team:pass-w0rd@127.0.0.1:9").translated(),
        ):
            raise cause
        text = printed(caught.value).replace(Path(__file__).read_text(), "")
        for secret in (*secrets.values(), "7a1c2c3b4d5e6f7a", "pass-w0rd"):
            assert secret not in text


def test_an_ordinary_error_keeps_its_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without secrets in it, the trace down to the request helps maintainers."""
    monkeypatch.setitem(os.environ, "AWS_ACCESS_KEY_ID", "test")
    cause = ClientError({"Error": {"Code": "InternalError", "Message": "latest test"}}, "PutObject")
    with pytest.raises(StoreError, match="latest test") as caught, S3Errors("s3://b", None).translated():
        raise cause
    assert caught.value.__cause__ is cause
