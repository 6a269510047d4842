"""Releases in an S3 bucket, of AWS or of any endpoint that speaks its protocol.

Every object is sent with its SHA-256 and checked when it is there; a shard that is there already is not
sent again, so a publish that was cut goes on. The manifest follows all shards, the pointer follows the
manifest, both only where no other publisher was faster. Credentials come from boto3's own chain and appear
nowhere here.
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

from flows.publish.errors import NotText, NotThere, StoreError, Unconditional, Unreachable
from flows.publish.stores.conditional_put import CONFLICTS, honours_conditions
from flows.publish.stores.multipart import SIDE_BY_SIDE, Upload
from flows.publish.stores.s3_errors import ABSENT, Replies, code
from flows.publish.stores.store import CARD, LATEST, MANIFEST, is_card, pointer, says, text_of
from schemas import Manifest, Shard
from schemas.release import Pack
from warehouse.console.progress import Report

CHUNK_BYTES = 1024 * 1024
ATTEMPTS = 8
"""Tries of a request, with botocore's backoff and jitter between them; tries of a body that broke off."""


class Bucket:
    """Releases under `s3://bucket/prefix/<release>/`, and `s3://bucket/prefix/latest.json`."""

    def __init__(self, address: str, endpoint_url: str | None, sole_publisher: bool = False) -> None:
        self._bucket, _, prefix = address.removeprefix("s3://").partition("/")
        self._prefix = prefix.strip("/")
        self._endpoint = endpoint_url
        self._sole = sole_publisher
        self._replies = Replies(f"s3://{self._bucket}", endpoint_url)

    def check(self) -> None:
        """Ask whether the bucket is there and refuses what it must; raises Unconditional when it does not refuse."""
        with self._replies.named():
            self.client.head_bucket(Bucket=self._bucket)
            if not (self._conditional or self._sole):
                raise Unconditional(
                    f"s3://{self._bucket} at {self._endpoint or 'AWS'} ignores conditional writes (If-None-Match, "
                    "If-Match): two publishers could write over each other unseen. Publish to a store that honours "
                    "them, or, if nothing else ever publishes there, set publish.sole_publisher = true."
                )

    def workplace(self, state: Path) -> Path:
        return state / "publish" / "building"

    def location(self, name: str) -> str:
        return f"s3://{self._bucket}/{self._key(name)}"

    def put(self, built: Path, manifest: Manifest, report: Report) -> str:
        done, count = Counter[str](), len(manifest.files)
        with self._replies.named():
            for number, file in enumerate(manifest.files):
                report(number, count, f"sending {file.path}")
                done[self._put_file(built, manifest.name, file)] += 1
            report(count, count, f"sending manifest ({', '.join(f'{n} {how}' for how, n in sorted(done.items()))})")
            text, condition = self._held(manifest.name, MANIFEST)
            self._check_owner(text, manifest)
            stands = says(text, manifest)
            if not (stands and is_card(self._held(manifest.name, CARD)[0], manifest)):
                self._write((built / CARD).read_text("utf-8"), manifest.name, CARD)
            if text is None or not stands:
                text = self._claim(manifest, condition)
            self._point(text)
        return text

    def read(self, *names: str) -> str | None:
        """The text of an object under the prefix; None where there is none. Raises StoreError."""
        with self._replies.named():
            return self._read(*names)

    def names(self, *names: str) -> list[str]:
        """The names of the objects right under a folder of the prefix. Raises StoreError."""
        folder = self._key(*names) + "/"
        with self._replies.named():
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=folder, Delimiter="/"
            )
            return [one["Key"].removeprefix(folder) for page in pages for one in page.get("Contents", [])]

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
        with self._replies.named():
            yield from self._get(*names, **span)["Body"].iter_chunks(CHUNK_BYTES)

    def _get(self, *names: str, **span: str) -> dict[str, Any]:
        try:
            reply: dict[str, Any] = self.client.get_object(Bucket=self._bucket, Key=self._key(*names), **span)
        except ClientError as error:
            if code(error) in ABSENT:
                raise NotThere(f"{self.location('/'.join(names))} is not there") from error
            raise
        return reply

    def _put_file(self, built: Path, name: str, file: Shard | Pack) -> str:
        """Bring a file to its place; returns what that took: `sent` or `already there`."""
        if self._has(name, file):
            return "already there"
        key = self._key(name, file.path)
        upload = Upload(self.client, self._bucket, key, built / file.path, {"sha256": file.sha256}).run()
        if not self._has(name, file) or not (upload.confirmed or self._sha256(name, file.path) == file.sha256):
            raise StoreError(
                f"{self.location(name)}/{file.path} is not what was sent: its size or hash differs. "
                "Run `factory publish` again: only what is missing is sent."
            )
        return "sent"

    def _sha256(self, *names: str) -> str:
        """Read an object back: for a store that does not say the checksum of what it got."""
        digest = hashlib.sha256()
        for chunk in self.chunks(0, *names):
            digest.update(chunk)
        return digest.hexdigest()

    def _has(self, name: str, file: Shard | Pack) -> bool:
        try:
            found = self.client.head_object(Bucket=self._bucket, Key=self._key(name, file.path))
        except ClientError as error:
            if code(error) in ABSENT:
                return False
            raise
        return bool(found["ContentLength"] == file.size and found["Metadata"].get("sha256") == file.sha256)

    def _claim(self, manifest: Manifest, condition: dict[str, str]) -> str:
        """Write the manifest unless another publisher was faster; returns it as it is read back."""
        try:
            self._write(manifest.text(), manifest.name, MANIFEST, **self._only(**condition))
        except ClientError as error:
            if code(error) not in CONFLICTS:
                raise
        text = self._read(manifest.name, MANIFEST)
        if text is None or not says(text, manifest):
            raise self._held_by_another(manifest)
        return text

    def _point(self, text: str) -> None:
        """Move the pointer, unless another publisher moved it on meanwhile: then look again."""
        for _ in range(ATTEMPTS):
            standing, condition = self._held(LATEST)
            if standing == pointer(text):
                return
            try:
                self._write(pointer(text), LATEST, **self._only(**condition))
                return
            except ClientError as error:
                if code(error) not in CONFLICTS:
                    raise
        raise StoreError(
            f"{self.location(LATEST)} is moved by another publisher again and again. Let it end, then run again."
        )

    def _held(self, *names: str) -> tuple[str | None, dict[str, str]]:
        """What an object says (nothing, when it is no text), and the condition under which it may be replaced."""
        try:
            tag = self.client.head_object(Bucket=self._bucket, Key=self._key(*names))["ETag"]
        except ClientError as error:
            if code(error) in ABSENT:
                return None, {"IfNoneMatch": "*"}
            raise
        try:
            return self._read(*names), {"IfMatch": tag}
        except NotText:
            return "", {"IfMatch": tag}

    def _check_owner(self, text: str | None, manifest: Manifest) -> None:
        """What stands there may be replaced: nothing, what cannot be read, or a changed manifest of this release."""
        try:
            other = text is not None and Manifest.model_validate_json(text).release_id != manifest.release_id
        except ValidationError:
            other = False
        if other:
            raise self._held_by_another(manifest)

    def _held_by_another(self, manifest: Manifest) -> StoreError:
        return StoreError(
            f"{self.location(manifest.name)} holds another release's manifest: is another process publishing "
            "there? Let it end, then run `factory publish` again."
        )

    def _write(self, text: str, *names: str, **condition: str) -> None:
        self.client.put_object(
            Bucket=self._bucket,
            Key=self._key(*names),
            Body=text.encode(),
            ContentType="application/json" if names[-1].endswith(".json") else "text/markdown",
            ChecksumAlgorithm="SHA256",
            **condition,
        )

    def _read(self, *names: str) -> str | None:
        try:
            return text_of(b"".join(self.chunks(0, *names)), self.location("/".join(names)))
        except NotThere:
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
        """boto3's client of the endpoint.

        A body is signed by its checksum header, which the signature covers, not hashed once more for the signature.
        """
        config = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": ATTEMPTS},
            max_pool_connections=SIDE_BY_SIDE,
            s3={"addressing_style": "path" if self._endpoint else "auto", "payload_signing_enabled": False},
        )
        try:
            return self._replies.session.client("s3", endpoint_url=self._endpoint, config=config)
        except ValueError as error:
            raise StoreError(f"publish.endpoint_url: {error}") from error
