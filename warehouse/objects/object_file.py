"""An object as a file that DuckDB, pyarrow and Python read at any place; it is opened at the first read.

DuckDB opens each part several times a query and reads few of these handles. A read that the store cuts is repeated,
so that a short answer never passes for the end of a file.
"""

import io
import time
from datetime import datetime

import pyarrow as pa

from warehouse.objects.bucket import Bucket
from warehouse.objects.errors import LakeUnreachable, store_errors

TRIES = 6
PAUSE_S = 0.5
"""Seconds before the second try, twice as long before each further one: in all, 15 s for a store that starts anew."""
MOST_OPEN = 4_096
"""Objects that are kept open; each takes a kilobyte or two."""


class OpenObjects:
    """Objects that are open, for all files of the same object: to open one takes a request."""

    def __init__(self) -> None:
        self._open: dict[tuple[Bucket, str, datetime | None], pa.NativeFile] = {}

    def get(self, bucket: Bucket, key: str, modified: datetime | None) -> pa.NativeFile:
        """The open object; opened if it is not, or if it was replaced since. Many threads may read from it."""
        found = self._open.get((bucket, key, modified))
        if found is None:
            found = bucket.open(key)
            if len(self._open) >= MOST_OPEN:
                self._open.clear()
            self._open[bucket, key, modified] = found
        return found

    def drop(self, bucket: Bucket, key: str, modified: datetime | None) -> None:
        """Open the object anew the next time."""
        self._open.pop((bucket, key, modified), None)


class ObjectFile(io.RawIOBase):
    """A readable, seekable file of `size` bytes. Raises FileNotFoundError and LakeUnreachable."""

    def __init__(
        self, bucket: Bucket, key: str, size: int, modified: datetime | None = None, shared: OpenObjects | None = None
    ) -> None:
        self._object = (bucket, key, modified)
        self._size, self._place = size, 0
        self._opened = shared or OpenObjects()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence]
        self._place = start + offset
        return self._place

    def read(self, size: int | None = -1) -> bytes:
        left = max(0, self._size - self._place)
        wanted = left if size is None or size < 0 else min(size, left)
        content = self._read_at(self._place, wanted) if wanted else b""
        self._place += len(content)
        return content

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def _read_at(self, start: int, size: int) -> bytes:
        for attempt in range(1, TRIES + 1):
            file = self._opened.get(*self._object)
            try:
                return self._read_once(file, start, size)
            except LakeUnreachable:
                self._opened.drop(*self._object)
                if attempt == TRIES:
                    raise
                time.sleep(PAUSE_S * 2 ** (attempt - 1))
        raise AssertionError("the last try returns or raises")

    def _read_once(self, file: pa.NativeFile, start: int, size: int) -> bytes:
        bucket, key, _ = self._object
        with store_errors(bucket.address(key), bucket.endpoint_url or "AWS"):
            content: bytes = file.read_at(size, start)
            if len(content) != size:
                raise OSError(f"{len(content)} of {size} bytes came")
            return content
