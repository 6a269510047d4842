"""One file into a bucket, in parts side by side, each with its SHA-256; a broken upload goes on where it was.

The parts that a cut upload left behind are compared with the file (size and MD5, which is a part's ETag) and
only the others are sent. The object appears when the server has all parts, never before.
"""

import base64
import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

PART_BYTES = 16 * 1024 * 1024
MOST_PARTS = 10_000
SIDE_BY_SIDE = 8
UNKNOWN = {"NotImplemented", "MethodNotAllowed", "AccessDenied", "403", "NoSuchUpload", "404"}
"""What a server answers that cannot list uploads, or does not let us: then nothing is resumed."""


@dataclass(frozen=True)
class Sent:
    """What an upload cost: parts (an object in one piece is one) sent now, and found already there."""

    sent: int
    found: int


@dataclass(frozen=True)
class Upload:
    """A file on its way to a key; `metadata` stands on the object."""

    client: Any
    bucket: str
    key: str
    path: Path
    metadata: dict[str, str]

    def run(self) -> Sent:
        """Send what is missing; raises botocore's errors."""
        size = self.path.stat().st_size
        if size <= PART_BYTES:
            body = self.path.read_bytes()
            self.client.put_object(**self._place, Body=body, Metadata=self.metadata, ChecksumSHA256=_sha256(body))
            return Sent(1, 0)
        return self._in_parts(size)

    @property
    def _place(self) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self.key}

    def _in_parts(self, size: int) -> Sent:
        part_bytes = max(PART_BYTES, -(-size // MOST_PARTS))
        numbers = range(1, -(-size // part_bytes) + 1)
        upload_id, there = self._begun()
        with ThreadPoolExecutor(SIDE_BY_SIDE) as senders:
            done = list(senders.map(lambda number: self._part(upload_id, number, part_bytes, there), numbers))
        parts = [part for part, _ in done]
        self.client.complete_multipart_upload(**self._place, UploadId=upload_id, MultipartUpload={"Parts": parts})
        found = sum(was_there for _, was_there in done)
        return Sent(len(parts) - found, found)

    def _part(
        self, upload_id: str, number: int, part_bytes: int, there: dict[int, dict[str, Any]]
    ) -> tuple[dict[str, Any], bool]:
        with self.path.open("rb") as file:
            file.seek((number - 1) * part_bytes)
            body = file.read(part_bytes)
        known = there.get(number)
        if known and known["ETag"].strip('"') == hashlib.md5(body, usedforsecurity=False).hexdigest():
            return _named(number, known["ETag"], body), True
        reply = self.client.upload_part(
            **self._place, UploadId=upload_id, PartNumber=number, Body=body, ChecksumSHA256=_sha256(body)
        )
        return _named(number, reply["ETag"], body), False

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


def code(error: ClientError) -> str:
    """The server's code for an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _named(number: int, tag: str, body: bytes) -> dict[str, Any]:
    return {"PartNumber": number, "ETag": tag, "ChecksumSHA256": _sha256(body)}


def _sha256(body: bytes) -> str:
    return base64.b64encode(hashlib.sha256(body).digest()).decode()
