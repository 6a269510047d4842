"""Writes WARC files of limited size, one writer process each, every record complete before its location is returned.

A killed process may leave a file that ends in half a record. Nothing is ever appended to such a file: a
resumed crawl starts a new one.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import FileIO
from os import close, dup, fsync
from threading import Lock
from types import TracebackType
from typing import Self

from sources.archive.warc import Locate, RecordLocation, WarcError, info_record

FILE_BYTES = 1_000_000_000
"""A file is closed before it grows beyond this size, the usual one of web archives."""

OpenNext = Callable[[], tuple[str, FileIO]]
"""Creates a new, empty file and returns its name in the lake and the unbuffered file."""


class WarcFiles:
    """Appends records, from any thread, as a context manager. The first file is created with the first record."""

    def __init__(
        self,
        open_next: OpenNext,
        info: Mapping[str, str],
        file_bytes: int = FILE_BYTES,
        *,
        locate: Locate | None = None,
    ) -> None:
        """`info` are the fields of each file's warcinfo record; `locate` finds the files of earlier nights."""
        self.locate = locate
        self._open_next, self._info, self._file_bytes = open_next, info, file_bytes
        self._lock = Lock()
        self._file: FileIO | None = None
        self._name, self._size = "", 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock, self._errors_named():
            self._close()

    def append(self, record: bytes) -> RecordLocation:
        """Write a record and return its location; a later kill cannot remove it. Raises WarcError."""
        with self._lock, self._errors_named():
            return self._append(record)

    def sync(self) -> None:
        """Flush all records to the disk (fsync). Raises WarcError."""
        with self._errors_named():
            with self._lock:
                copy = dup(self._file.fileno()) if self._file is not None else None
            if copy is not None:
                try:
                    fsync(copy)  # outside of the lock: records are appended while the disk writes
                finally:
                    close(copy)

    def _append(self, record: bytes) -> RecordLocation:
        if self._file is not None and self._size + len(record) > self._file_bytes:
            self._close()
        if self._file is None:
            self._name, self._file = self._open_next()
            self._size = 0
            self._write(self._file, info_record(self._name.rpartition("/")[2], self._info))
        location = RecordLocation(self._name, self._size)
        self._write(self._file, record)
        return location

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
    def _errors_named(self) -> Iterator[None]:
        """Abandon a file after a failed write, since it may end in half a record, and raise WarcError."""
        try:
            yield
        except OSError as error:
            file, self._file = self._file, None
            if file is not None:
                with suppress(OSError):
                    file.close()
            raise WarcError(
                f"cannot write raw responses to {self._name or 'the lake'}: {error}. "
                "Free space or fix permissions, then run again."
            ) from error
