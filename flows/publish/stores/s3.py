"""Releases in an S3 bucket, of AWS or of any endpoint that speaks the S3 protocol.

Every object is sent with its SHA-256 and checked once it is stored. A shard that is stored already is not sent
again, so an interrupted publish resumes. The manifest is written after all shards, the pointer after the manifest;
both are conditional writes, so that another publisher is never overwritten. Credentials come from boto3's own
chain and never appear in messages.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError
from pydantic import ValidationError

from flows.publish.errors import ConditionsIgnored, FileMissing, NotUtf8, StoreError, Unreachable
from flows.publish.stores.conditional_put import honours_conditions
from flows.publish.stores.multipart import PARALLEL_PARTS, Upload
from flows.publish.stores.protocol import (
    CARD,
    CHUNK_BYTES,
    LATEST,
    MANIFEST,
    decode_text,
    is_card,
    is_manifest,
    pointer_text,
)
from flows.publish.stores.s3_errors import S3Errors
from schemas import Manifest, Shard
from schemas.release import Pack
from warehouse.console.progress import ProgressCallback
from warehouse.objects.errors import ABSENT, CONFLICTS, error_code

TYPES = {".json": "application/json", ".md": "text/markdown", ".html": "text/html; charset=utf-8"}
ATTEMPTS = 8
"""Tries of a request, with botocore's exponential backoff and jitter between; also tries of an interrupted body."""


class S3Store:
    """Releases under `s3://bucket/prefix/<release>/`, and `s3://bucket/prefix/latest.json`."""

    def __init__(self, address: str, endpoint_url: str | None, sole_publisher: bool = False) -> None:
        self._bucket, _, prefix = address.removeprefix("s3://").partition("/")
        self._prefix = prefix.strip("/")
        self._endpoint = endpoint_url
        self._sole = sole_publisher
        self._errors = S3Errors(f"s3://{self._bucket}", endpoint_url)

    def check(self) -> None:
        """Check that the bucket exists and honours conditional writes; raises StoreError, ConditionsIgnored."""
        with self._errors.translated():
            self.client.head_bucket(Bucket=self._bucket)
            if not (self._conditional or self._sole):
                raise ConditionsIgnored(
                    f"s3://{self._bucket} at {self._endpoint or 'AWS'} ignores conditional writes (If-None-Match, "
                    "If-Match): two publishers could overwrite each other unnoticed. Publish to a store that honours "
                    "them, or, if nothing else ever publishes there, set publish.sole_publisher = true."
                )

    def build_folder(self, state: Path) -> Path:
        return state / "publish" / "building"

    def location(self, name: str) -> str:
        return f"s3://{self._bucket}/{self._key(name)}"

    def put(self, built: Path, manifest: Manifest, report: ProgressCallback) -> str:
        done, count = Counter[str](), len(manifest.files)
        with self._errors.translated():
            for number, file in enumerate(manifest.files):
                report(number, count, f"sending {file.path}")
                done[self._put_file(built, manifest.name, file)] += 1
            report(count, count, f"sending manifest ({', '.join(f'{n} {how}' for how, n in sorted(done.items()))})")
            text, condition = self._held(manifest.name, MANIFEST)
            self._check_owner(text, manifest)
            stored = is_manifest(text, manifest)
            if not (stored and is_card(self._held(manifest.name, CARD)[0], manifest)):
                self._write((built / CARD).read_text("utf-8"), manifest.name, CARD)
            if text is None or not stored:
                text = self._claim(manifest, condition)
            self._point(text)
        return text

    def attach(self, name: str, file_name: str, text: str) -> None:
        with self._errors.translated():
            self._write(text, name, file_name)

    def read(self, *names: str) -> str | None:
        """The text of an object under the prefix, None if it is absent. Raises StoreError."""
        with self._errors.translated():
            return self._read(*names)

    def file_names(self, *names: str) -> list[str]:
        """The names of the objects directly in a folder of the prefix. Raises StoreError."""
        folder = self._key(*names) + "/"
        with self._errors.translated():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=folder, Delimiter="/"
            )
            return [one["Key"].removeprefix(folder) for page in pages for one in page.get("Contents", [])]

    def chunks(self, start: int, *names: str) -> Iterator[bytes]:
        """An object's bytes from offset `start`; resumes after an interrupted response. Raises StoreError."""
        interrupted = 0
        while True:
            try:
                for chunk in self._chunks(start, *names):
                    start, interrupted = start + len(chunk), 0
                    yield chunk
                return
            except Unreachable:
                interrupted += 1
                if interrupted == ATTEMPTS:
                    raise

    def _chunks(self, start: int, *names: str) -> Iterator[bytes]:
        span = {"Range": f"bytes={start}-"} if start else {}
        with self._errors.translated():
            yield from self._get(*names, **span)["Body"].iter_chunks(CHUNK_BYTES)

    def _get(self, *names: str, **span: str) -> dict[str, Any]:
        try:
            response: dict[str, Any] = self.client.get_object(Bucket=self._bucket, Key=self._key(*names), **span)
        except ClientError as error:
            if error_code(error) in ABSENT:
                raise FileMissing(f"{self.location('/'.join(names))} does not exist") from error
            raise
        return response

    def _put_file(self, built: Path, name: str, file: Shard | Pack) -> str:
        """Store a file of the release; returns `sent` or `already there`."""
        if self._has(name, file):
            return "already there"
        key = self._key(name, file.path)
        uploaded = Upload(self.client, self._bucket, key, built / file.path, {"sha256": file.sha256}).run()
        if not self._has(name, file) or not (uploaded.confirmed or self._sha256(name, file.path) == file.sha256):
            raise StoreError(
                f"{self.location(name)}/{file.path} differs from the sent file in size or hash. "
                "Run `factory publish` again: only missing files are sent."
            )
        return "sent"

    def _sha256(self, *names: str) -> str:
        """The SHA-256 of an object, read back: for a store that returns no checksum of an upload."""
        digest = hashlib.sha256()
        for chunk in self.chunks(0, *names):
            digest.update(chunk)
        return digest.hexdigest()

    def _has(self, name: str, file: Shard | Pack) -> bool:
        try:
            head = self.client.head_object(Bucket=self._bucket, Key=self._key(name, file.path))
        except ClientError as error:
            if error_code(error) in ABSENT:
                return False
            raise
        return bool(head["ContentLength"] == file.size and head["Metadata"].get("sha256") == file.sha256)

    def _claim(self, manifest: Manifest, condition: dict[str, str]) -> str:
        """Write the manifest, unless another publisher was faster; returns the text read back."""
        try:
            self._write(manifest.text(), manifest.name, MANIFEST, **self._only(**condition))
        except ClientError as error:
            if error_code(error) not in CONFLICTS:
                raise
        text = self._read(manifest.name, MANIFEST)
        if text is None or not is_manifest(text, manifest):
            raise self._held_by_another(manifest)
        return text

    def _point(self, text: str) -> None:
        """Move the pointer; read it again and retry if another publisher moved it meanwhile."""
        for _ in range(ATTEMPTS):
            stored, condition = self._held(LATEST)
            if stored == pointer_text(text):
                return
            try:
                self._write(pointer_text(text), LATEST, **self._only(**condition))
                return
            except ClientError as error:
                if error_code(error) not in CONFLICTS:
                    raise
        raise StoreError(
            f"{self.location(LATEST)} is moved by another publisher again and again. Wait until it ends, then run "
            "`factory publish` again."
        )

    def _held(self, *names: str) -> tuple[str | None, dict[str, str]]:
        """An object's text (None: absent; empty: not UTF-8), and the condition under which a write replaces it."""
        try:
            tag = self.client.head_object(Bucket=self._bucket, Key=self._key(*names))["ETag"]
        except ClientError as error:
            if error_code(error) in ABSENT:
                return None, {"IfNoneMatch": "*"}
            raise
        try:
            return self._read(*names), {"IfMatch": tag}
        except NotUtf8:
            return "", {"IfMatch": tag}

    def _check_owner(self, text: str | None, manifest: Manifest) -> None:
        """Raise StoreError if `text` is another release's manifest; an unreadable or changed one may be replaced."""
        try:
            other = text is not None and Manifest.model_validate_json(text).release_id != manifest.release_id
        except ValidationError:
            other = False
        if other:
            raise self._held_by_another(manifest)

    def _held_by_another(self, manifest: Manifest) -> StoreError:
        return StoreError(
            f"{self.location(manifest.name)} holds another release's manifest: is another process publishing "
            "there? Wait until it ends, then run `factory publish` again."
        )

    def _write(self, text: str, *names: str, **condition: str) -> None:
        self.client.put_object(
            Bucket=self._bucket,
            Key=self._key(*names),
            Body=text.encode(),
            ContentType=TYPES[Path(names[-1]).suffix],
            ChecksumAlgorithm="SHA256",
            **condition,
        )

    def _read(self, *names: str) -> str | None:
        try:
            return decode_text(b"".join(self.chunks(0, *names)), self.location("/".join(names)))
        except FileMissing:
            return None

    def _key(self, *names: str) -> str:
        return "/".join(part for part in (self._prefix, *names) if part)

    def _only(self, **condition: str) -> dict[str, str]:
        return condition if self._conditional else {}

    @cached_property
    def _conditional(self) -> bool:
        return honours_conditions(self.client, self._bucket, self._key)

    @cached_property
    def client(self) -> Any:
        """The boto3 client of the endpoint.

        The signature covers the checksum header, so that a body is not hashed a second time to be signed.
        """
        config = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": ATTEMPTS},
            max_pool_connections=PARALLEL_PARTS,
            s3={"addressing_style": "path" if self._endpoint else "auto", "payload_signing_enabled": False},
        )
        try:
            return self._errors.session.client("s3", endpoint_url=self._endpoint, config=config)
        except ValueError as error:
            raise StoreError(f"publish.endpoint_url: {error}") from error
