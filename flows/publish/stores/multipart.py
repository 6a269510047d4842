"""One file into a bucket, in parts side by side, each with its SHA-256; a broken upload goes on where it was.

The parts that a cut upload left behind are compared with the file (SHA-256 where the server gives it, else the
MD5 that is a part's ETag) and only the others are sent. What the server says that it got is compared with what
was sent. The object appears when the server has all parts, never before.
"""

import base64
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from flows.publish.errors import StoreError
from flows.publish.stores.s3_errors import code

PART_BYTES = 8 * 1024 * 1024
"""As boto3 cuts files, and within what servers keep as one piece: 16 MiB cost SeaweedFS a tenth more CPU."""
MOST_PARTS = 10_000
SIDE_BY_SIDE = min(8, 2 * (os.cpu_count() or 1))
UNKNOWN = {"NotImplemented", "MethodNotAllowed", "AccessDenied", "403", "NoSuchUpload", "404"}
"""What a server answers that cannot list uploads, or does not let us: then nothing is resumed."""


@dataclass(frozen=True)
class Sent:
    """What an upload cost: parts (an object in one piece is one) sent now, and found already there.

    `confirmed`: for each part the server named the checksum of what it got, and it was that of the file's bytes.
    """

    sent: int
    found: int
    confirmed: bool


@dataclass(frozen=True)
class Part:
    """A part that the server has."""

    number: int
    tag: str
    sha256: str
    found: bool
    confirmed: bool

    def named(self) -> dict[str, Any]:
        """As the request names it that completes an upload."""
        return {"PartNumber": self.number, "ETag": self.tag, "ChecksumSHA256": self.sha256}


@dataclass(frozen=True)
class Upload:
    """A file on its way to a key; `metadata` stands on the object."""

    client: Any
    bucket: str
    key: str
    path: Path
    metadata: dict[str, str]

    def run(self) -> Sent:
        """Send what is missing; raises botocore's errors, and StoreError when the server got something else."""
        size = self.path.stat().st_size
        if size <= PART_BYTES:
            body = self.path.read_bytes()
            digest = _sha256(body)
            reply = self.client.put_object(**self._place, Body=body, Metadata=self.metadata, ChecksumSHA256=digest)
            return Sent(1, 0, self._confirmed(reply, body, digest))
        return self._in_parts(size)

    @property
    def _place(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.key}

    def _in_parts(self, size: int) -> Sent:
        part_bytes = max(PART_BYTES, -(-size // MOST_PARTS))
        numbers = range(1, -(-size // part_bytes) + 1)
        upload_id, there = self._begun()
        with ThreadPoolExecutor(SIDE_BY_SIDE) as senders:
            parts = list(senders.map(lambda number: self._part(upload_id, number, part_bytes, there), numbers))
        named = {"Parts": [part.named() for part in parts]}
        self.client.complete_multipart_upload(**self._place, UploadId=upload_id, MultipartUpload=named)
        found = sum(part.found for part in parts)
        return Sent(len(parts) - found, found, all(part.confirmed for part in parts))

    def _part(self, upload_id: str, number: int, part_bytes: int, there: dict[int, dict[str, Any]]) -> Part:
        with self.path.open("rb") as file:
            file.seek((number - 1) * part_bytes)
            body = file.read(part_bytes)
        digest, known = _sha256(body), there.get(number)
        if known and _same(known, body, digest):
            return Part(number, known["ETag"], digest, found=True, confirmed=True)
        reply = self.client.upload_part(
            **self._place, UploadId=upload_id, PartNumber=number, Body=body, ChecksumSHA256=digest
        )
        return Part(number, reply["ETag"], digest, found=False, confirmed=self._confirmed(reply, body, digest))

    def _confirmed(self, reply: dict[str, Any], body: bytes, digest: str) -> bool:
        """Whether the server names the checksum of what it got; raises StoreError when that is another SHA-256."""
        if reply.get("ChecksumSHA256", digest) != digest:
            raise StoreError(
                f"s3://{self.bucket}/{self.key}: the store got other bytes than were sent. "
                "Run `factory publish` again: only what is missing is sent."
            )
        return _same(reply, body, digest)

    def _begun(self) -> tuple[str, dict[int, dict[str, Any]]]:
        """The newest upload of this file that was cut, with its parts by number; or a new one."""
        for upload in self._uploads():
            try:
                pages = self.client.get_paginator("list_parts").paginate(**self._place, UploadId=upload)
                return upload, {part["PartNumber"]: part for page in pages for part in page.get("Parts", [])}
            except ClientError as error:
                if code(error) not in UNKNOWN:
                    raise
        begun = self.client.create_multipart_upload(**self._place, Metadata=self.metadata, ChecksumAlgorithm="SHA256")
        return str(begun["UploadId"]), {}

    def _uploads(self) -> Iterator[str]:
        try:
            found = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=self.key).get("Uploads", [])
        except ClientError as error:
            if code(error) not in UNKNOWN:
                raise
            return
        for upload in sorted(found, key=lambda one: str(one.get("Initiated")), reverse=True):
            if upload["Key"] == self.key:
                yield upload["UploadId"]


def _same(said: dict[str, Any], body: bytes, digest: str) -> bool:
    """Whether what the server says of a part is true of these bytes: its SHA-256, or the MD5 that is its ETag."""
    if "ChecksumSHA256" in said:
        return bool(said["ChecksumSHA256"] == digest)
    return bool(said.get("ETag", "").strip('"') == hashlib.md5(body, usedforsecurity=False).hexdigest())


def _sha256(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()
