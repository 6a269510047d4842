"""The files of a lake in a bucket, as DuckDB reads them without an extension: a file system of fsspec.

DuckDB lists a record and opens each part several times a query, so listings are kept for a second, and until this
process writes. Sizes and times come from them: a part that DuckDB has in its cache costs no request.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from threading import Lock
from typing import Any

from fsspec import AbstractFileSystem

from warehouse.objects.bucket import Stored
from warehouse.objects.object_file import ObjectFile, OpenObjects
from warehouse.objects.object_path import SCHEME, ObjectPath

LISTED_S = 1.0
"""Seconds for which a listing holds: parts of other processes appear after it at the latest."""


class LakeFiles(AbstractFileSystem):  # type: ignore[misc]
    """Reads the objects of one lake, for one DuckDB database. Writes nothing."""

    protocol = "s3"
    cachable = False

    def __init__(self, root: ObjectPath) -> None:
        super().__init__()
        self._root = root
        self._lock = Lock()
        self._listings: dict[str, tuple[float, int, dict[str, Stored]]] = {}
        self._only: str | None = None
        self._opened = OpenObjects()

    @contextmanager
    def only(self, name: str) -> Iterator[None]:
        """Within the block, patterns match files of this name alone: a view binds without reading every footer."""
        self._only = name
        try:
            yield
        finally:
            self._only = None

    def glob(self, path: str, **_: Any) -> list[str]:
        """The addresses that match, in key order."""
        place = self._place(path)
        below = str(place.key.relative_to(self._root.key))
        if "*" not in below:
            return [path] if str(place.key) in self._listing(place) else []
        depth = place.key.parts
        keys = [key for key in self._listing(place) if _matches(PurePosixPath(key), depth)]
        return [self._root.bucket.address(key) for key in sorted(keys) if self._only in (None, PurePosixPath(key).name)]

    def open(self, path: str, mode: str = "rb", **_: Any) -> ObjectFile:
        """A file that is opened at its first read. Raises FileNotFoundError."""
        if mode != "rb":
            raise PermissionError(13, "The lake is read here, not written", path)
        stored = self._stored(path)
        return ObjectFile(self._root.bucket, str(self._place(path).key), stored.size, stored.modified, self._opened)

    def size(self, path: str) -> int:
        return self._stored(path).size

    def modified(self, path: str) -> Any:
        return self._stored(path).modified

    def exists(self, path: str, **_: Any) -> bool:
        place = self._place(path)
        return str(place.key) in self._listing(place)

    def _stored(self, path: str) -> Stored:
        place = self._place(path)
        found = self._listing(place).get(str(place.key))
        if not found:
            raise FileNotFoundError(2, "No such object", path)
        return found

    def _place(self, path: str) -> ObjectPath:
        place = ObjectPath(self._root.bucket, PurePosixPath(path.removeprefix(f"{SCHEME}{self._root.bucket.name}/")))
        if place == self._root or not place.is_relative_to(self._root):
            raise FileNotFoundError(2, f"Not in the lake {self._root}", path)
        return place

    def _listing(self, place: ObjectPath) -> dict[str, Stored]:
        """The objects of the record that a path or pattern is of."""
        record = place.key.relative_to(self._root.key).parts[0]
        with self._lock:
            at, writes, found = self._listings.get(record, (0.0, -1, {}))
            if time.monotonic() - at > LISTED_S or writes != self._root.bucket.writes():
                writes = self._root.bucket.writes()
                found = self._root.bucket.listed(str(self._root.key / record))
                self._listings[record] = (time.monotonic(), writes, found)
            return found


def _matches(key: PurePosixPath, pattern: tuple[str, ...]) -> bool:
    """True if each folder and the name match; a star stands for any characters of one of them."""
    return len(key.parts) == len(pattern) and key.match("/".join(pattern))
