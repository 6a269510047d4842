"""One S3 bucket, or a prefix of it: lists and reads objects, and puts each one whole and under a condition.

boto3 writes, since it has conditional puts and checksums; pyarrow lists and reads, with a third of the CPU time. Both
find credentials in the same places: variables, profiles and roles, as for releases. Both repeat requests that the
store throttles or that the network cuts.
"""

import hashlib
import os
from base64 import b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from warehouse.lake_errors import LakeError
from warehouse.objects.errors import ABSENT, CONFLICTS, LakeUnreachable, error_code, store_errors

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.fs as pafs

ATTEMPTS = 8
"""Tries of a request, with exponential backoff between; the variable AWS_MAX_ATTEMPTS sets another number."""
CONNECT_S, ANSWER_S = 10, 60
"""Seconds until a connection or an answer counts as lost."""
FREE = {"IfNoneMatch": "*"}
"""Condition of a put: there is no object under the key."""
SHA256 = "sha256"
"""Metadata of an object: the SHA-256 of its bytes as hex."""
LARGEST_BYTES = 5 * 1024**3
"""Bytes of the largest object that one request can put."""
MOST_DELETED = 1_000
"""Objects that one request can delete."""
_WRITES: Counter[str] = Counter()
"""Puts and deletes of this process by bucket."""

Body = BufferedReader | BytesIO


@dataclass(frozen=True)
class Stored:
    """An object as the store lists it."""

    size: int
    modified: datetime
    etag: str | None = None
    """The store's tag of this version; listings have none."""
    sha256: str | None = None


@dataclass(frozen=True)
class Bucket:
    """An S3 bucket; every key is a whole key of it. Methods raise FileNotFoundError and LakeUnreachable."""

    name: str
    endpoint_url: str | None = None
    """Address of an S3-compatible store; None: AWS, or the address in the variable AWS_ENDPOINT_URL."""
    local: Path = Path()
    """Folder of this machine for files outside of the bucket: raw responses, and files on their way into it."""

    def address(self, key: str) -> str:
        """The address of an object, such as `s3://bucket/key`."""
        return f"s3://{self.name}/{key}"

    def writes(self) -> int:
        """The number of objects that this process put or deleted: a listing with an earlier number is out of date."""
        return _WRITES[self.name]

    def listed(self, folder: str) -> dict[str, Stored]:
        """Every object under a folder, at any depth, by key."""
        import pyarrow.fs as pafs

        where = pafs.FileSelector(f"{self.name}/{folder}".rstrip("/"), recursive=True, allow_not_found=True)
        with self._errors(folder):
            found = _files(self.endpoint_url).get_file_info(where)
        files = (one for one in found if one.type == pafs.FileType.File)
        return {one.path.removeprefix(f"{self.name}/"): Stored(one.size, one.mtime) for one in files}

    def stored(self, key: str) -> Stored | None:
        """The object of a key; None if there is none."""
        with self._errors(key):
            from botocore.exceptions import ClientError

            try:
                head = _client(self.endpoint_url).head_object(Bucket=self.name, Key=key)
            except ClientError as error:
                if error_code(error) in ABSENT:
                    return None
                raise
        sha256 = head["Metadata"].get(SHA256)
        return Stored(head["ContentLength"], head["LastModified"], head["ETag"], sha256)

    def open(self, key: str) -> "pa.NativeFile":
        """Open an object for reads at any place."""
        with self._errors(key):
            return _files(self.endpoint_url).open_input_file(f"{self.name}/{key}")

    def content(self, key: str) -> bytes | None:
        """The bytes of a small object, by one request; None if there is none."""
        with suppress(FileNotFoundError), self._errors(key):
            content: bytes = _client(self.endpoint_url).get_object(Bucket=self.name, Key=key)["Body"].read()
            return content
        return None

    def put(self, key: str, body: Body) -> None:
        """Store an object whole, in place of the one that is there now, as `put_over` does."""
        self.put_over(key, body, self.stored(key))

    def put_over(self, key: str, body: Body, before: Stored | None) -> None:
        """Store an object whole, in place of `before`, or of none; the store checks the SHA-256 of its bytes.

        Raises LakeError if another process changes it meanwhile. The same bytes are stored once, however often a
        request is repeated.
        """
        digest = hashlib.file_digest(body, "sha256")
        if body.tell() > LARGEST_BYTES:
            raise LakeError(f"{self.address(key)} would have {body.tell():,} bytes; an object has at most 5 GiB.")
        body.seek(0)
        if before and before.sha256 == digest.hexdigest():
            return
        if not self._put(key, body, digest.digest(), {"IfMatch": before.etag} if before else FREE):
            self._require_same(key, digest.hexdigest())

    def is_created(self, key: str, content: bytes) -> bool:
        """Store an object under a key that is free; False if the store refuses since it is not."""
        return self._put(key, BytesIO(content), hashlib.sha256(content).digest(), FREE)

    def copy(self, key: str, to: str) -> None:
        """Store another object with the bytes and the metadata of this one."""
        with self._errors(key):
            source = {"Bucket": self.name, "Key": key}
            _client(self.endpoint_url).copy_object(Bucket=self.name, Key=to, CopySource=source)
        _WRITES[self.name] += 1

    def delete(self, key: str) -> None:
        """Remove an object; nothing happens if it is gone."""
        with self._errors(key):
            _client(self.endpoint_url).delete_object(Bucket=self.name, Key=key)
        _WRITES[self.name] += 1

    def delete_all(self, keys: Sequence[str]) -> None:
        """Remove objects, a thousand by one request."""
        for start in range(0, len(keys), MOST_DELETED):
            names = [{"Key": key} for key in keys[start : start + MOST_DELETED]]
            with self._errors(keys[start]):
                chosen = {"Objects": names, "Quiet": True}
                failed = _client(self.endpoint_url).delete_objects(Bucket=self.name, Delete=chosen).get("Errors")
            _WRITES[self.name] += 1
            if failed:
                raise LakeUnreachable(
                    f"{self.address(failed[0]['Key'])} cannot be deleted ({failed[0]['Code']}): check that the "
                    "credentials may delete there, then run the same command again."
                )

    def _put(self, key: str, body: Body, digest: bytes, condition: Mapping[str, str | None]) -> bool:
        """Put an object under a condition; False if it does not hold."""
        from botocore.exceptions import ClientError

        checked = {"ChecksumSHA256": b64encode(digest).decode(), "Metadata": {SHA256: digest.hex()}}
        with self._errors(key):
            try:
                _client(self.endpoint_url).put_object(Bucket=self.name, Key=key, Body=body, **checked, **condition)
            except ClientError as error:
                if error_code(error) not in CONFLICTS:
                    raise
                return False
        _WRITES[self.name] += 1
        return True

    def _require_same(self, key: str, sha256: str) -> None:
        """Pass if the object has these bytes: a repeated request found the object of the first one."""
        now = self.stored(key)
        if not now or now.sha256 != sha256:
            raise LakeError(
                f"another process wrote {self.address(key)} at the same time. One home writes a lake: stop the other "
                "one, or give this home another lake_address, then run the same command again."
            )

    def _errors(self, key: str) -> Any:
        return store_errors(self.address(key), self.endpoint_url or "AWS")


@cache
def _client(endpoint_url: str | None) -> Any:
    """One client of the process per endpoint: clients may be used by many threads."""
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "max_attempts": _attempts()}
    config = Config(retries=retries, connect_timeout=CONNECT_S, read_timeout=ANSWER_S, max_pool_connections=32)
    return boto3.Session().client("s3", endpoint_url=endpoint_url, config=config)


def _attempts() -> int:
    return int(os.environ.get("AWS_MAX_ATTEMPTS", ATTEMPTS))


@cache
def _files(endpoint_url: str | None) -> "pafs.S3FileSystem":
    """pyarrow's file system of the endpoint and region that boto3 found."""
    import pyarrow.fs as pafs

    client = _client(endpoint_url)
    other = endpoint_url or (None if client.meta.endpoint_url.endswith(".amazonaws.com") else client.meta.endpoint_url)
    return pafs.S3FileSystem(
        region=client.meta.region_name,
        endpoint_override=other,
        retry_strategy=pafs.AwsStandardS3RetryStrategy(max_attempts=_attempts()),
        connect_timeout=CONNECT_S,
        request_timeout=ANSWER_S,
        check_directory_existence_before_creation=False,
    )
