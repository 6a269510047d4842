"""Releases in an S3 bucket, of AWS or of any endpoint that speaks its protocol.

Every object is sent with its SHA-256 and checked when it is there; a shard that is there already is not
sent again, so a publish that was cut goes on. The manifest follows all shards, the pointer follows the
manifest. Credentials come from boto3's own chain and appear nowhere here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from flows.publish.errors import NoBucket, NoCredentials, NotThere, Refused, StoreError, Unreachable
from flows.publish.store import CARD, LATEST, MANIFEST, pointer
from flows.publish.upload import Upload, code
from schemas import Manifest, Shard
from schemas.release import Pack
from warehouse.progress import Report

CHUNK_BYTES = 1024 * 1024
ATTEMPTS = 8
"""Tries of a request, with botocore's backoff and jitter between them; tries of a body that broke off."""
CONFLICTS = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
ABSENT = {"404", "NoSuchKey", "NotFound"}
REFUSALS = {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"}


class Bucket:
    """Releases under `s3://bucket/prefix/<release>/`, and `s3://bucket/prefix/latest.json`."""

    def __init__(self, address: str, endpoint_url: str | None) -> None:
        self._bucket, _, prefix = address.removeprefix("s3://").partition("/")
        self._prefix = prefix.strip("/")
        self._endpoint = endpoint_url

    def check(self) -> None:
        with self._named_errors():
            self._client.head_bucket(Bucket=self._bucket)

    def workplace(self, state: Path) -> Path:
        return state / "publish" / "building"

    def location(self, name: str) -> str:
        return f"s3://{self._bucket}/{self._key(name)}"

    def put(self, built: Path, manifest: Manifest, report: Report) -> str:
        with self._named_errors():
            for number, file in enumerate(manifest.files):
                report(number, len(manifest.files), f"sending {file.path}")
                self._put_file(built, manifest.name, file)
            report(len(manifest.files), len(manifest.files), "sending manifest")
            text = self._read(manifest.name, MANIFEST)
            if text is None:
                self._write((built / CARD).read_text("utf-8"), manifest.name, CARD)
                self._claim(manifest)
                text = self._read(manifest.name, MANIFEST) or ""
            self._check_owner(text, manifest)
            self._point(text)
        return text

    def read(self, *names: str) -> str | None:
        """The text of an object under the prefix; None where there is none. Raises StoreError."""
        with self._named_errors():
            return self._read(*names)

    def chunks(self, start: int, *names: str) -> Iterator[bytes]:
        """An object's bytes from `start` on; goes on where a reply broke off. Raises StoreError."""
        broken = 0
        while True:
            try:
                for chunk in self._chunks(start, *names):
                    start, broken = start + len(chunk), 0
                    yield chunk
                return
            except Unreachable:
                broken += 1
                if broken == ATTEMPTS:
                    raise

    def _chunks(self, start: int, *names: str) -> Iterator[bytes]:
        span = {"Range": f"bytes={start}-"} if start else {}
        with self._named_errors():
            yield from self._get(*names, **span)["Body"].iter_chunks(CHUNK_BYTES)

    def _get(self, *names: str, **span: str) -> dict[str, Any]:
        try:
            reply: dict[str, Any] = self._client.get_object(Bucket=self._bucket, Key=self._key(*names), **span)
        except ClientError as error:
            if code(error) in ABSENT:
                raise NotThere(f"{self.location('/'.join(names))} is not there") from error
            raise
        return reply

    def _put_file(self, built: Path, name: str, file: Shard | Pack) -> None:
        if self._has(name, file):
            return
        key = self._key(name, file.path)
        Upload(self._client, self._bucket, key, built / file.path, {"sha256": file.sha256}).run()
        if not self._has(name, file):
            raise StoreError(
                f"{self.location(name)}/{file.path} is not what was sent: its size or hash differs. "
                "Run `factory publish` again: only what is missing is sent."
            )

    def _has(self, name: str, file: Shard | Pack) -> bool:
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=self._key(name, file.path))
        except ClientError as error:
            if code(error) in ABSENT:
                return False
            raise
        return bool(found["ContentLength"] == file.size and found["Metadata"].get("sha256") == file.sha256)

    def _claim(self, manifest: Manifest) -> None:
        """Write the manifest where none stands. Some servers ignore the condition, so it is read back after."""
        try:
            self._write(manifest.text(), manifest.name, MANIFEST, IfNoneMatch="*")
        except ClientError as error:
            if code(error) == "NotImplemented":
                self._write(manifest.text(), manifest.name, MANIFEST)
            elif code(error) not in CONFLICTS:
                raise

    def _point(self, text: str) -> None:
        """Move the pointer, unless another publisher moved it on meanwhile: then look again."""
        for _ in range(ATTEMPTS):
            standing, condition = self._pointer()
            if standing == pointer(text):
                return
            try:
                self._write(pointer(text), LATEST, **condition)
                return
            except ClientError as error:
                if code(error) == "NotImplemented":
                    self._write(pointer(text), LATEST)
                    return
                if code(error) not in CONFLICTS:
                    raise
        raise StoreError(
            f"{self.location(LATEST)} is moved by another publisher again and again. Let it end, then run again."
        )

    def _pointer(self) -> tuple[str | None, dict[str, str]]:
        """What latest.json says, and the condition under which it may be replaced."""
        try:
            tag = self._client.head_object(Bucket=self._bucket, Key=self._key(LATEST))["ETag"]
        except ClientError as error:
            if code(error) in ABSENT:
                return None, {"IfNoneMatch": "*"}
            raise
        return self._read(LATEST), {"IfMatch": tag}

    def _check_owner(self, text: str, manifest: Manifest) -> None:
        if not text or Manifest.model_validate_json(text).release_id != manifest.release_id:
            raise StoreError(
                f"{self.location(manifest.name)} holds another release's manifest: is another process publishing "
                "there? Let it end, then run `factory publish` again."
            )

    def _write(self, text: str, *names: str, **condition: str) -> None:
        self._client.put_object(
            Bucket=self._bucket,
            Key=self._key(*names),
            Body=text.encode(),
            ContentType="application/json" if names[-1].endswith(".json") else "text/markdown",
            ChecksumAlgorithm="SHA256",
            **condition,
        )

    def _read(self, *names: str) -> str | None:
        try:
            return b"".join(self.chunks(0, *names)).decode()
        except NotThere:
            return None

    def _key(self, *names: str) -> str:
        return "/".join(part for part in (self._prefix, *names) if part)

    @cached_property
    def _client(self) -> Any:
        style = "path" if self._endpoint else "auto"
        config = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": ATTEMPTS},
            s3={"addressing_style": style},
        )
        try:
            return boto3.Session().client("s3", endpoint_url=self._endpoint, config=config)
        except ValueError as error:
            raise StoreError(f"publish.endpoint_url: {error}") from error

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise self._of_reply(error) from error
        except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound) as error:
            raise NoCredentials(
                f"no credentials for s3://{self._bucket}: {error}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or AWS_PROFILE, or run where a role gives them; then run `factory publish` again."
            ) from error
        except (EndpointConnectionError, HTTPClientError, IncompleteReadError) as error:
            raise Unreachable(
                f"no answer from {self._endpoint or 'AWS'}: {error}. Check publish.endpoint_url and the network, "
                "then run `factory publish` again: only what is missing is sent."
            ) from error
        except BotoCoreError as error:
            raise StoreError(f"{error}. Check publish.to and publish.endpoint_url.") from error

    def _of_reply(self, error: ClientError) -> StoreError:
        told, place = code(error), f"s3://{self._bucket} at {self._endpoint or 'AWS'}"
        said = error.response.get("Error", {}).get("Message", "")
        if told in {"NoSuchBucket", *ABSENT}:
            return NoBucket(f"there is no {place}. Create the bucket, or set publish.to to one that exists.")
        if told in REFUSALS:
            return Refused(
                f"{place} refused: {told} {said}. Check which credentials boto3 finds, and that they may list, "
                "read and write there."
            )
        return StoreError(f"{place} answered {told} {said}. Run `factory publish` again: only what is missing is sent.")
