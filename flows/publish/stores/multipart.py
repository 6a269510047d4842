"""Uploads one file to S3 in parallel parts, each with its SHA-256, and resumes an interrupted multipart upload.

The parts that an interrupted upload left are compared with the file, by SHA-256 if the server gives it, else by
the MD5 in the part's ETag; only parts that differ are sent. The checksum in each response is compared with that
of the bytes sent. The object becomes visible when the server has all parts, never before.
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
from warehouse.objects.errors import error_code

PART_BYTES = 8 * 1024 * 1024
"""boto3's own part size, and small enough for servers to store as one chunk: 16 MiB cost SeaweedFS 10 % more CPU."""
MOST_PARTS = 10_000
PARALLEL_PARTS = min(8, 2 * (os.cpu_count() or 1))
CANNOT_LIST = {"NotImplemented", "MethodNotAllowed", "AccessDenied", "403", "NoSuchUpload", "404"}
"""Error codes of a server that cannot list uploads, or denies it: then the upload starts from the first part."""


@dataclass(frozen=True)
class Uploaded:
    """The outcome of an upload. An object that is sent in one request counts as one part."""

    sent: int
    """Parts sent now."""
    resumed: int
    """Parts that the server had already."""
    confirmed: bool
    """True if the server returned a checksum for each part, and each is that of the file's bytes."""


@dataclass(frozen=True)
class Part:
    """A part that the server has."""

    number: int
    tag: str
    sha256: str
    resumed: bool
    confirmed: bool

    def completion(self) -> dict[str, Any]:
        """The part as CompleteMultipartUpload lists it."""
        return {"PartNumber": self.number, "ETag": self.tag, "ChecksumSHA256": self.sha256}


@dataclass(frozen=True)
class Upload:
    """Uploads the file at `path` to a key, with `metadata` on the object."""

    client: Any
    bucket: str
    key: str
    path: Path
    metadata: dict[str, str]

    def run(self) -> Uploaded:
        """Send the missing parts. Raises botocore's errors, and StoreError if the server received other bytes."""
        size = self.path.stat().st_size
        if size <= PART_BYTES:
            body = self.path.read_bytes()
            digest = _sha256(body)
            response = self.client.put_object(**self._place, Body=body, Metadata=self.metadata, ChecksumSHA256=digest)
            return Uploaded(1, 0, self._confirmed(response, body, digest))
        return self._in_parts(size)

    @property
    def _place(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.key}

    def _in_parts(self, size: int) -> Uploaded:
        part_bytes = max(PART_BYTES, -(-size // MOST_PARTS))
        numbers = range(1, -(-size // part_bytes) + 1)
        upload_id, stored = self._resumed()
        with ThreadPoolExecutor(PARALLEL_PARTS) as senders:
            parts = list(senders.map(lambda number: self._part(upload_id, number, part_bytes, stored), numbers))
        completed = {"Parts": [part.completion() for part in parts]}
        self.client.complete_multipart_upload(**self._place, UploadId=upload_id, MultipartUpload=completed)
        resumed = sum(part.resumed for part in parts)
        return Uploaded(len(parts) - resumed, resumed, all(part.confirmed for part in parts))

    def _part(self, upload_id: str, number: int, part_bytes: int, stored: dict[int, dict[str, Any]]) -> Part:
        with self.path.open("rb") as file:
            file.seek((number - 1) * part_bytes)
            body = file.read(part_bytes)
        digest, known = _sha256(body), stored.get(number)
        if known and _same(known, body, digest):
            return Part(number, known["ETag"], digest, resumed=True, confirmed=True)
        response = self.client.upload_part(
            **self._place, UploadId=upload_id, PartNumber=number, Body=body, ChecksumSHA256=digest
        )
        return Part(number, response["ETag"], digest, resumed=False, confirmed=self._confirmed(response, body, digest))

    def _confirmed(self, response: dict[str, Any], body: bytes, digest: str) -> bool:
        """True if the response holds a checksum of the received bytes; raises StoreError on another SHA-256."""
        if response.get("ChecksumSHA256", digest) != digest:
            raise StoreError(
                f"s3://{self.bucket}/{self.key}: the store received other bytes than were sent. "
                "Run `factory publish` again: only missing files are sent."
            )
        return _same(response, body, digest)

    def _resumed(self) -> tuple[str, dict[int, dict[str, Any]]]:
        """The id of the newest interrupted upload of this key and its parts by number, or of a new upload."""
        for upload in self._uploads():
            try:
                pages = self.client.get_paginator("list_parts").paginate(**self._place, UploadId=upload)
                return upload, {part["PartNumber"]: part for page in pages for part in page.get("Parts", [])}
            except ClientError as error:
                if error_code(error) not in CANNOT_LIST:
                    raise
        created = self.client.create_multipart_upload(**self._place, Metadata=self.metadata, ChecksumAlgorithm="SHA256")
        return str(created["UploadId"]), {}

    def _uploads(self) -> Iterator[str]:
        try:
            uploads = self.client.list_multipart_uploads(Bucket=self.bucket, Prefix=self.key).get("Uploads", [])
        except ClientError as error:
            if error_code(error) not in CANNOT_LIST:
                raise
            return
        for upload in sorted(uploads, key=lambda one: str(one.get("Initiated")), reverse=True):
            if upload["Key"] == self.key:
                yield upload["UploadId"]


def _same(response: dict[str, Any], body: bytes, digest: str) -> bool:
    """True if the checksum in a response is that of these bytes: a SHA-256, or the MD5 in the ETag."""
    if "ChecksumSHA256" in response:
        return bool(response["ChecksumSHA256"] == digest)
    return bool(response.get("ETag", "").strip('"') == hashlib.md5(body, usedforsecurity=False).hexdigest())


def _sha256(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()
