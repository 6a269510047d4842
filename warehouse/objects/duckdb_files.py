"""The files of a lake in a bucket, as DuckDB reads them without an extension: a file system of fsspec.

DuckDB lists a record and opens each part several times a query, so listings are kept for a second, and until this
process writes. Sizes and times come from them: a part that DuckDB has in its cache costs no request.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from threading import Lock
from typing import Any

from fsspec import AbstractFileSystem

from warehouse.objects.bucket import Stored
from warehouse.objects.object_file import ObjectFile, OpenObjects
from warehouse.objects.object_path import SCHEME, ObjectPath
from warehouse.objects.replaced import STAGED, visible

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
        self._listings: dict[str, Listing] = {}
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
        listing = self._listing(place)
        if "*" not in str(place.key.relative_to(self._root.key)):
            return [path] if str(place.key) in listing.objects else []
        keys = [key for one, key in sorted(listing.keys.items()) if _matches(one, place.key.parts)]
        return [self._root.bucket.address(key) for key in keys if self._only in (None, PurePosixPath(key).name)]

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
        return str(place.key) in self._listing(place).objects

    def _stored(self, path: str) -> Stored:
        place = self._place(path)
        found = self._listing(place).objects.get(str(place.key))
        if not found:
            raise FileNotFoundError(2, "No such object", path)
        return found

    def _place(self, path: str) -> ObjectPath:
        place = ObjectPath(self._root.bucket, PurePosixPath(path.removeprefix(f"{SCHEME}{self._root.bucket.name}/")))
        if place == self._root or not place.is_relative_to(self._root):
            raise FileNotFoundError(2, f"Not in the lake {self._root}", path)
        return place

    def _listing(self, place: ObjectPath) -> "Listing":
        """The objects of the record that a path or pattern is of."""
        parts = place.key.relative_to(self._root.key).parts
        record = parts[1] if parts[0] == STAGED else parts[0]
        with self._lock:
            found, writes = self._listings.get(record), self._root.bucket.writes()
            if not found or time.monotonic() - found.at > LISTED_S or found.writes != writes:
                at, seen = time.monotonic(), visible(self._root, record)
                keys = {one: key for one, (key, _) in seen.items()}
                found = self._listings[record] = Listing(at, writes, keys, dict(seen.values()))
            return found


@dataclass(frozen=True)
class Listing:
    """The objects of a record that readers see."""

    at: float
    """Monotonic seconds when it was made."""
    writes: int
    """The writes of this process before it."""
    keys: dict[PurePosixPath, str]
    """Place in the lake -> key: those of a part that was merged lately differ."""
    objects: dict[str, Stored]


def _matches(key: PurePosixPath, pattern: tuple[str, ...]) -> bool:
    """True if each folder and the name match; a star stands for any characters of one of them."""
    return len(key.parts) == len(pattern) and key.match("/".join(pattern))
