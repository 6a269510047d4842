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
from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from flows.publish.errors import NoBucket, NoCredentials, Refused, StoreError, Unreachable
from flows.publish.store import CARD, LATEST, MANIFEST, pointer
from schemas import Manifest, Shard
from schemas.release import Pack
from warehouse.progress import Report

PART_BYTES = 16 * 1024 * 1024
TRANSFER = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, max_concurrency=8)
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
            self._give_back_broken_uploads(manifest.name)
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
            if self._read(LATEST) != pointer(text):
                self._write(pointer(text), LATEST)
        return text

    def _put_file(self, built: Path, name: str, file: Shard | Pack) -> None:
        if self._has(name, file):
            return
        self._client.upload_file(
            str(built / file.path),
            self._bucket,
            self._key(name, file.path),
            ExtraArgs={"Metadata": {"sha256": file.sha256}, "ChecksumAlgorithm": "SHA256"},
            Config=TRANSFER,
        )
        if not self._has(name, file):
            raise StoreError(
                f"{self.location(name)}/{file.path} is not what was sent: its size or hash differs. "
                "Run `factory publish` again: only what is missing is sent."
            )

    def _has(self, name: str, file: Shard | Pack) -> bool:
        try:
            found = self._client.head_object(Bucket=self._bucket, Key=self._key(name, file.path))
        except ClientError as error:
            if _code(error) in ABSENT:
                return False
            raise
        return bool(found["ContentLength"] == file.size and found["Metadata"].get("sha256") == file.sha256)

    def _claim(self, manifest: Manifest) -> None:
        """Write the manifest where none stands. Some servers ignore the condition, so it is read back after."""
        try:
            self._write(manifest.text(), manifest.name, MANIFEST, IfNoneMatch="*")
        except ClientError as error:
            if _code(error) == "NotImplemented":
                self._write(manifest.text(), manifest.name, MANIFEST)
            elif _code(error) not in {"PreconditionFailed", "ConditionalRequestConflict"}:
                raise

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
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=self._key(*names))["Body"].read()
        except ClientError as error:
            if _code(error) in ABSENT:
                return None
            raise
        return body.decode()

    def _give_back_broken_uploads(self, name: str) -> None:
        """Parts of an upload that was cut cost space and are seen by nobody: tell the server to drop them."""
        try:
            found = self._client.list_multipart_uploads(Bucket=self._bucket, Prefix=self._key(name))
        except ClientError as error:
            if _code(error) in {"NotImplemented", "MethodNotAllowed", *REFUSALS}:
                return
            raise
        for upload in found.get("Uploads", []):
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=upload["Key"], UploadId=upload["UploadId"])

    def _key(self, *names: str) -> str:
        return "/".join(part for part in (self._prefix, *names) if part)

    @cached_property
    def _client(self) -> Any:
        style = "path" if self._endpoint else "auto"
        config = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 4},
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
        except S3UploadFailedError as error:
            cause = error.__cause__ or error.__context__
            raise (self._of_reply(cause) if isinstance(cause, ClientError) else self._of_upload(error)) from error
        except ClientError as error:
            raise self._of_reply(error) from error
        except (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError, ProfileNotFound) as error:
            raise NoCredentials(
                f"no credentials for s3://{self._bucket}: {error}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or AWS_PROFILE, or run where a role gives them; then run `factory publish` again."
            ) from error
        except (EndpointConnectionError, HTTPClientError) as error:
            raise Unreachable(
                f"no answer from {self._endpoint or 'AWS'}: {error}. Check publish.endpoint_url and the network, "
                "then run `factory publish` again: only what is missing is sent."
            ) from error
        except BotoCoreError as error:
            raise StoreError(f"{error}. Check publish.to and publish.endpoint_url.") from error

    def _of_reply(self, error: ClientError) -> StoreError:
        code, place = _code(error), f"s3://{self._bucket} at {self._endpoint or 'AWS'}"
        said = error.response.get("Error", {}).get("Message", "")
        if code in {"NoSuchBucket", *ABSENT}:
            return NoBucket(f"there is no {place}. Create the bucket, or set publish.to to one that exists.")
        if code in REFUSALS:
            return Refused(
                f"{place} refused: {code} {said}. Check which credentials boto3 finds, and that they may list, "
                "read and write there."
            )
        return StoreError(f"{place} answered {code} {said}. Run `factory publish` again: only what is missing is sent.")

    def _of_upload(self, error: S3UploadFailedError) -> StoreError:
        return StoreError(f"{error}. Run `factory publish` again: only what is missing is sent.")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
