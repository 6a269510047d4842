"""A release in a bucket: sent once, complete before its manifest, and every refusal comes with a remedy."""

import hashlib
import random
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.publish.errors import AccessRefused, NoCredentials, StoreError, StoreMissing, Unreachable
from flows.publish.flow import attach_page
from flows.publish.release import run_publish
from flows.settings import Settings
from schemas import Manifest, Release
from schemas.release import Latest
from tests.doubles.lakes.small_lake import make_small_lake, write_decisions, write_records
from tests.doubles.stores.s3 import S3Server, free_ports
from tests.flows.publish.test_publish import DAY, kept_lake, settings_of
from tests.flows.publish.test_publish_again import lake_counts, next_night, start
from warehouse.console.progress import silent
from warehouse.lake import Lake


@pytest.fixture(params=["real", "quick"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    chosen: S3Server = request.getfixturevalue(request.param)
    use(chosen, monkeypatch)
    return chosen


def use(server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in server.environment().items():
        monkeypatch.setenv(name, value)


def bucket_of(server: S3Server, home: Path, **publish: Any) -> tuple[str, Settings]:
    """A new bucket, and settings that publish to a prefix of it."""
    bucket = f"b{random.SystemRandom().getrandbits(64):x}"
    server.client().create_bucket(Bucket=bucket)
    return bucket, settings_of(home, to=f"s3://{bucket}/team/sets", endpoint_url=server.endpoint, **publish)


def seen(server: S3Server, bucket: str) -> Manifest | None:
    """The release that a reader finds from latest.json, with the hash of every file checked."""
    if "team/sets/latest.json" not in server.objects(bucket):
        return None
    latest = Latest.model_validate_json(server.read(bucket, "team/sets/latest.json"))
    text = server.read(bucket, f"team/sets/{latest.release}/manifest.json")
    assert hashlib.sha256(text).hexdigest() == latest.manifest_sha256
    manifest = Manifest.model_validate_json(text)
    for shard in manifest.shards:
        body = server.read(bucket, f"team/sets/{manifest.name}/{shard.path}")
        assert (len(body), hashlib.sha256(body).hexdigest()) == (shard.size, shard.sha256)
    return manifest


@pytest.mark.slow
def test_the_page_of_a_night_is_html_beside_the_card(server: S3Server, tmp_path: Path) -> None:
    """A browser that is told a page is Markdown shows its source."""
    bucket, settings = bucket_of(server, tmp_path)
    kept_lake(settings)
    location = str(run_publish(settings, DAY, silent)["location"])
    for text in ("<p>earlier", "<p>newer"):
        attach_page(settings, location, text)
    key = f"team/sets/{location.rpartition('/')[2]}/report.html"
    assert server.read(bucket, key) == b"<p>newer"
    assert server.client().head_object(Bucket=bucket, Key=key)["ContentType"] == "text/html; charset=utf-8"
    assert seen(server, bucket)


@pytest.mark.slow
def test_a_release_in_a_bucket_is_whole_and_the_same_again_sends_nothing(server: S3Server, tmp_path: Path) -> None:
    """A retry must not send terabytes twice, nor replace files that trainers read."""
    bucket, settings = bucket_of(server, tmp_path)
    kept_lake(settings)
    counts = run_publish(settings, DAY, silent)
    manifest = seen(server, bucket)
    assert manifest
    assert manifest.release_id == counts["release_id"]
    assert counts["location"] == f"s3://{bucket}/team/sets/{manifest.name}"
    objects = server.objects(bucket)
    assert set(objects) == {
        "team/sets/latest.json",
        *(f"team/sets/{manifest.name}/{name}" for name in ("README.md", "manifest.json")),
        *(f"team/sets/{manifest.name}/{file.path}" for file in manifest.files),
    }
    time.sleep(1.1)
    assert run_publish(settings, DAY, silent) == counts
    assert server.objects(bucket) == objects
    assert lake_counts(settings) == (1, 12, 0)
    assert not (settings.state / "publish" / "building").exists()


@pytest.mark.slow
def test_bucket_and_directory_hold_the_same_bytes(server: S3Server, tmp_path: Path) -> None:
    """The kind of store must not change a release."""
    bucket, there = bucket_of(server, tmp_path)
    here = settings_of(tmp_path)
    kept_lake(there)
    run_publish(there, DAY, silent)
    run_publish(here, DAY, silent)
    place = Path(here.publish.to)
    for key in server.objects(bucket):
        assert server.read(bucket, key) == (place / key.removeprefix("team/sets/")).read_bytes()
    assert lake_counts(here) == (2, 12, 0)


@pytest.mark.slow
def test_after_a_kill_only_missing_files_are_sent(
    real: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publish that starts again after every interruption never ends on a slow connection."""
    use(real, monkeypatch)
    bucket, settings = bucket_of(real, tmp_path, shard_mb=1, row_group_mb=1)
    kept_lake(settings, n_tasks=10, words=20_000, samples=1)
    assert start(settings, "sending data", 3).wait() < 0
    sent = real.objects(bucket)
    assert len(sent) == 2
    assert seen(real, bucket) is None
    time.sleep(1.1)
    notes = list[str]()
    run_publish(settings, DAY, lambda done, total, note="": notes.append(note))
    manifest = seen(real, bucket)
    assert manifest
    assert len(manifest.shards) > 2
    assert f"sending manifest (2 already there, {len(manifest.files) - 2} sent)" in notes
    assert {key: real.objects(bucket)[key] for key in sent} == sent


@pytest.mark.slow
def test_before_its_manifest_a_reader_sees_the_older_release(
    real: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trainer that starts during an upload must not train on half of it."""
    use(real, monkeypatch)
    bucket, settings = bucket_of(real, tmp_path)
    kept_lake(settings)
    first = run_publish(settings, DAY, silent)
    day = next_night(settings)
    for word in ("sending data", "sending manifest"):
        assert start(settings, word, day=day).wait() < 0
        manifest = seen(real, bucket)
        assert manifest
        assert manifest.release_id == first["release_id"]
    second = run_publish(settings, day, silent)
    manifest = seen(real, bucket)
    assert manifest
    assert (manifest.release_id, manifest.parent) == (second["release_id"], first["release_id"])


@pytest.mark.slow
def test_kills_at_any_moment_never_show_a_partial_release(
    real: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Includes kills within a shard of many parts, whose upload is resumed."""
    use(real, monkeypatch)
    bucket, settings = bucket_of(real, tmp_path)
    big_lake(settings)
    started = time.monotonic()
    assert start(settings, "sending manifest").wait() < 0
    whole_run = time.monotonic() - started
    for shard in [key for key in real.objects(bucket) if "train" in key]:
        real.client().delete_object(Bucket=bucket, Key=shard)
    for share in (0.7, 0.8, 0.9):
        process = start(settings, "never")
        time.sleep(whole_run * share)
        process.kill()
        process.wait()
        seen(real, bucket)
    run_publish(settings, DAY, silent)
    manifest = seen(real, bucket)
    assert manifest
    assert max(shard.size for shard in manifest.shards) > 16 * 1024 * 1024
    assert not real.client().list_multipart_uploads(Bucket=bucket).get("Uploads")


def big_lake(settings: Settings) -> None:
    """One row of text that does not compress below 16 MB, and some ordinary ones."""
    made = make_small_lake(DAY)
    noise = random.Random(0).randbytes(17 * 1024 * 1024).hex()
    number = next(n for n, turn in enumerate(made.turns) if turn.role == "assistant")
    made.turns[number] = made.turns[number].model_copy(update={"reasoning": noise})
    write_records(Lake(settings.lake), DAY, made)
    write_decisions(Lake(settings.lake), DAY, made)


@pytest.mark.slow
def test_a_shard_that_was_changed_in_the_bucket_is_sent_again(server: S3Server, tmp_path: Path) -> None:
    """A changed shard under the right name would otherwise be trusted."""
    bucket, settings = bucket_of(server, tmp_path)
    kept_lake(settings)
    run_publish(settings, DAY, silent)
    shard = next(key for key in server.objects(bucket) if key.endswith(".parquet"))
    server.client().put_object(Bucket=bucket, Key=shard, Body=b"PAR1")
    run_publish(settings, DAY + timedelta(days=1), silent)
    assert seen(server, bucket)


@pytest.mark.slow
def test_another_manifest_in_the_same_place_stops_the_publish(server: S3Server, tmp_path: Path) -> None:
    """Two publishers to one place would leave a manifest that lists the other's shards."""
    bucket, settings = bucket_of(server, tmp_path)
    kept_lake(settings)
    run_publish(settings, DAY, silent)
    manifest = seen(server, bucket)
    assert manifest
    other = manifest.model_copy(update={"release_id": "0" * 32})
    key = f"team/sets/{manifest.name}/manifest.json"
    server.client().put_object(Bucket=bucket, Key=key, Body=other.text().encode())
    for part in Lake(settings.lake).parts(Release):
        part.unlink()
    with pytest.raises(StoreError, match="another release's manifest"):
        run_publish(settings, DAY, silent)


@pytest.mark.slow
@pytest.mark.parametrize("body", [None, b"", b"\xff not text"])
def test_a_missing_or_foreign_card_is_written(
    quick: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: bytes | None
) -> None:
    """Without its card a release has no license, no splits and no column descriptions."""
    use(quick, monkeypatch)
    bucket, settings = bucket_of(quick, tmp_path)
    kept_lake(settings)
    run_publish(settings, DAY, silent)
    manifest = seen(quick, bucket)
    assert manifest
    key = f"team/sets/{manifest.name}/README.md"
    card = quick.read(bucket, key)
    quick.client().delete_object(Bucket=bucket, Key=key)
    if body is not None:
        quick.client().put_object(Bucket=bucket, Key=key, Body=body)
    run_publish(settings, DAY, silent)
    assert quick.read(bucket, key) == card


@pytest.mark.slow
@pytest.mark.parametrize("body", [None, b"{}", b"\xff not text"])
def test_a_changed_manifest_in_the_bucket_is_restored(server: S3Server, tmp_path: Path, body: bytes | None) -> None:
    """The pointer would otherwise vouch for wrong counts and a wrong lineage."""
    bucket, settings = bucket_of(server, tmp_path)
    kept_lake(settings)
    run_publish(settings, DAY, silent)
    manifest, objects = seen(server, bucket), server.objects(bucket)
    assert manifest
    key = f"team/sets/{manifest.name}/manifest.json"
    changed = manifest.model_copy(update={"rows": 9_999}).text().encode()
    server.client().put_object(Bucket=bucket, Key=key, Body=changed if body is None else body)
    run_publish(settings, DAY, silent)
    assert seen(server, bucket) == manifest
    assert {name: tag for name, (_, tag) in server.objects(bucket).items()} == {
        name: tag for name, (_, tag) in objects.items()
    }


def test_a_missing_bucket_is_named(server: S3Server, tmp_path: Path) -> None:
    """The message must name the bucket to create, not a request id."""
    settings = settings_of(tmp_path, to="s3://no-such-bucket/x", endpoint_url=server.endpoint)
    with pytest.raises(StoreMissing, match=r"no-such-bucket.*Create the bucket"):
        run_publish(settings, DAY, silent)


def test_wrong_credentials_are_named_without_the_secret(
    real: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret in an error message ends in a log with many readers."""
    use(real, monkeypatch)
    _, settings = bucket_of(real, tmp_path)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-that-is-wrong")
    with pytest.raises(AccessRefused, match="Check which credentials") as refused:
        run_publish(settings, DAY, silent)
    assert "a-secret-that-is-wrong" not in str(refused.value)


def test_missing_credentials_are_named(real: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error comes before any work goes into the release."""
    _, settings = bucket_of(real, tmp_path)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(NoCredentials, match="AWS_ACCESS_KEY_ID"):
        run_publish(settings, DAY, silent)


@pytest.mark.slow
def test_an_endpoint_that_does_not_answer_is_named(
    quick: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistyped endpoint is the most common fault of a first publish."""
    use(quick, monkeypatch)
    url = f"http://127.0.0.1:{free_ports(1)[0]}"
    settings = settings_of(tmp_path, to="s3://bucket/x", endpoint_url=url)
    with pytest.raises(Unreachable, match=r"endpoint_url"):
        run_publish(settings, DAY, silent)
