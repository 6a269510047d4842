"""The WARC files that one process writes: each new, each of a limited size, each record whole before its place is told.

A file that a killed process left may end in half a record. Nothing is ever written behind that: who goes on
begins a file of its own.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from os import fsync
from threading import Lock
from types import TracebackType
from typing import Self

from sources.archive.warc import WarcError, info_record

FILE_BYTES = 1_000_000_000
"""A file that would grow past this is closed, as web archives do."""

OpenNext = Callable[[], tuple[str, FileIO]]
"""Makes a new, empty file: its name in the lake, and the file, unbuffered."""


@dataclass(frozen=True)
class Place:
    """Where a record stands."""

    file: str
    offset: int


class WarcFiles:
    """Appends records from any thread; use as a context manager. No file is made before the first record."""

    def __init__(self, open_next: OpenNext, facts: Mapping[str, str], file_bytes: int = FILE_BYTES) -> None:
        """`facts` is what each file says of itself."""
        self._open_next, self._facts, self._file_bytes = open_next, facts, file_bytes
        self._lock = Lock()
        self._file: FileIO | None = None
        self._name, self._size = "", 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock, self._named():
            self._close()

    def append(self, record: bytes) -> Place:
        """Write a record and say where it stands, once a kill can no longer take it; raises WarcError."""
        with self._lock, self._named():
            return self._append(record)

    def sync(self) -> None:
        """Wait until all that was appended stands on the disk; raises WarcError."""
        with self._lock, self._named():
            if self._file is not None:
                fsync(self._file)

    def _append(self, record: bytes) -> Place:
        if self._file is not None and self._size + len(record) > self._file_bytes:
            self._close()
        if self._file is None:
            self._name, self._file = self._open_next()
            self._size = 0
            self._write(self._file, info_record(self._name.rpartition("/")[2], self._facts))
        place = Place(self._name, self._size)
        self._write(self._file, record)
        return place

    def _write(self, file: FileIO, record: bytes) -> None:
        left = memoryview(record)
        while left:
            left = left[file.write(left) :]
        self._size += len(record)

    def _close(self) -> None:
        if self._file is not None:
            file, self._file = self._file, None
            with file:
                fsync(file)

    @contextmanager
    def _named(self) -> Iterator[None]:
        """Leave a file that could not be written, whose end may be torn, and say what happened."""
        try:
            yield
        except OSError as error:
            file, self._file = self._file, None
            if file is not None:
                with suppress(OSError):
                    file.close()
            raise WarcError(
                f"cannot keep raw replies in {self._name or 'the lake'}: {error}. "
                "Free space or fix permissions, then run again."
            ) from error
