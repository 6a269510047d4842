"""An object as a file that DuckDB, pyarrow and Python read at any place; it is opened at the first read.

DuckDB opens each part several times a query and reads few of these handles. A read that the store cuts is repeated,
so that a short answer never passes for the end of a file.
"""

import io
import time

import pyarrow as pa

from warehouse.objects.bucket import Bucket
from warehouse.objects.errors import LakeUnreachable, store_errors

TRIES = 3
PAUSE_S = 0.5


class ObjectFile(io.RawIOBase):
    """A readable, seekable file of `size` bytes. Raises FileNotFoundError and LakeUnreachable."""

    def __init__(self, bucket: Bucket, key: str, size: int) -> None:
        self._bucket, self._key, self._size = bucket, key, size
        self._place = 0
        self._file: pa.NativeFile | None = None

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

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
        super().close()

    def _read_at(self, start: int, size: int) -> bytes:
        for attempt in range(1, TRIES + 1):
            try:
                return self._read_once(start, size)
            except LakeUnreachable:
                if self._file is None or attempt == TRIES:
                    raise
                self._file = None
                time.sleep(PAUSE_S * attempt)
        raise AssertionError("the last try returns or raises")

    def _read_once(self, start: int, size: int) -> bytes:
        self._file = self._file or self._bucket.open(self._key)
        with store_errors(self._bucket.address(self._key), self._bucket.endpoint_url or "AWS"):
            content: bytes = self._file.read_at(size, start)
            if len(content) != size:
                raise OSError(f"{len(content)} of {size} bytes came")
            return content
