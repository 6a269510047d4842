"""Paths in a bucket with the methods of `pathlib.Path` that the lake uses, so that its code is the same on disk.

An object appears whole and has no folder: `mkdir` does nothing, and a folder exists while an object is under it. What
needs a file system (links, exchanged folders, os functions) fails: an object's path is no os.PathLike.
"""

import io
import os
import re
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePath, PurePosixPath
from threading import get_ident
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from warehouse.lake_errors import LakeError
from warehouse.objects.bucket import Body, Bucket, Stored
from warehouse.objects.object_file import ObjectFile

SCHEME = "s3://"
BUFFER_BYTES = 1024 * 1024
ABANDONED_S = 86_400.0
UPLOADS = ".uploads"
"""Folder of this machine that holds files on their way into the bucket."""

if TYPE_CHECKING:
    PathLike = Path  # type checkers take an object's path for a Path: Python 3.11 has no way to be one
else:
    PathLike = object


@dataclass(frozen=True, eq=True)
class ObjectPath(PathLike):
    """The place of an object, or of all objects under a folder. Reads raise FileNotFoundError and LakeUnreachable."""

    bucket: Bucket
    key: PurePosixPath
    listed: Stored | None = field(default=None, compare=False, repr=False)
    """The object as it was listed; None for a path that no listing gave."""

    def __str__(self) -> str:
        return self.bucket.address(self.object_key).rstrip("/")

    @property
    def object_key(self) -> str:
        """The key as the store has it; empty for the bucket itself."""
        return "" if self.key == PurePosixPath() else str(self.key)

    def __lt__(self, other: object) -> bool:
        return str(self) < str(other)

    def __truediv__(self, name: "str | os.PathLike[str]") -> "ObjectPath":
        return ObjectPath(self.bucket, self.key / name)

    @property
    def name(self) -> str:
        return self.key.name

    @property
    def stem(self) -> str:
        return self.key.stem

    @property
    def suffix(self) -> str:
        return self.key.suffix

    @property
    def parent(self) -> "ObjectPath":
        return ObjectPath(self.bucket, self.key.parent)

    def with_name(self, name: str) -> "ObjectPath":
        return ObjectPath(self.bucket, self.key.with_name(name))

    def with_suffix(self, suffix: str) -> "ObjectPath":
        return ObjectPath(self.bucket, self.key.with_suffix(suffix))

    def absolute(self) -> "ObjectPath":
        return self

    def as_posix(self) -> str:
        return str(self)

    def relative_to(self, *other: "str | os.PathLike[str]", **_: bool) -> Any:
        """The path below another one of the same bucket, as a plain path."""
        (root,) = other
        return self.key.relative_to(root.key) if isinstance(root, ObjectPath) else PurePath(str(self)).relative_to(root)

    def is_relative_to(self, *other: "str | os.PathLike[str]") -> bool:
        (root,) = other
        return isinstance(root, ObjectPath) and root.bucket == self.bucket and self.key.is_relative_to(root.key)

    def exists(self, **_: bool) -> bool:
        """True for an object; for a folder, use is_dir."""
        return self.bucket.stored(self.object_key) is not None

    def is_file(self) -> bool:
        return self.exists()

    def is_dir(self) -> bool:
        return bool(self.bucket.listed(self.object_key))

    def is_symlink(self) -> bool:
        return False

    def stat(self, **_: bool) -> Any:
        """Size and time of the object, by the listing that gave the path, else by the store."""
        found = self.listed or self.bucket.stored(self.object_key)
        if not found:
            raise FileNotFoundError(2, "No such object", str(self))
        seconds = found.modified.timestamp()
        return SimpleNamespace(st_size=found.size, st_mtime=seconds, st_ctime_ns=int(seconds * 1e9))

    def lstat(self) -> Any:
        return self.stat()

    def open(self, *_: Any, **__: Any) -> Any:
        """Open the object for reading, in steps of a megabyte."""
        return io.BufferedReader(self.open_raw(), BUFFER_BYTES)

    def open_raw(self) -> ObjectFile:
        """Open the object for reads of exactly the wanted size."""
        return ObjectFile(self.bucket, self.object_key, self.stat().st_size)

    def read_bytes(self) -> bytes:
        with self.open_raw() as file:
            return file.read()

    def read_text(self, encoding: str | None = None, *_: Any) -> str:
        return self.read_bytes().decode(encoding or "utf-8")

    def write_bytes(self, data: Any) -> int:
        self.bucket.put(self.object_key, io.BytesIO(data))
        return len(data)

    def write_text(self, data: str, encoding: str | None = None, *_: Any) -> int:
        return self.write_bytes(data.encode(encoding or "utf-8"))

    def put(self, file: Body) -> None:
        """Store the bytes of a file as this object, whole, in place of an earlier one."""
        self.bucket.put(self.object_key, file)

    def touch(self, *_: Any, **__: Any) -> None:
        self.write_bytes(b"")

    def mkdir(self, *_: Any, **__: Any) -> None:
        """Nothing: a folder is there as soon as an object is under it."""

    def unlink(self, missing_ok: bool = False) -> None:
        self.bucket.delete(self.object_key)

    def rename(self, target: Any) -> "ObjectPath":
        """Copy the object, then delete it: a kill in between leaves both."""
        self.bucket.copy(self.object_key, str(target.key))
        self.unlink()
        return ObjectPath(target.bucket, target.key)

    def glob(self, pattern: str) -> Generator["ObjectPath", None, None]:
        """The objects below whose path matches, in key order; `**` stands for folders of any depth, none included."""
        matches, before = re.compile(_expression(pattern)), f"{self.object_key}/".lstrip("/")
        still = PurePosixPath(pattern.partition("*")[0] + "x").parent
        for key, stored in sorted(self.bucket.listed((self / still).object_key).items()):
            if matches.fullmatch(key.removeprefix(before)):
                yield ObjectPath(self.bucket, PurePosixPath(key), stored)

    def rglob(self, pattern: str) -> Generator["ObjectPath", None, None]:
        yield from self.glob(f"**/{pattern}")


def place_of(address: str, endpoint_url: str | None, local: Path) -> ObjectPath:
    """The path of an address such as s3://bucket/prefix; `local` is the folder for files outside of the bucket."""
    name, _, prefix = address.removeprefix(SCHEME).strip("/").partition("/")
    return ObjectPath(Bucket(name, endpoint_url, local), PurePosixPath(prefix))


def is_there(path: Path) -> bool:
    """True if the path names anything: an object, or an entry of a folder, also a link to a missing file."""
    return path.exists() if isinstance(path, ObjectPath) else os.path.lexists(path)


def parquet_source(path: Path) -> Any:
    """The file to give to pyarrow: a path of this machine, or an open object."""
    return path.open_raw() if isinstance(path, ObjectPath) else path


@contextmanager
def uploading(path: ObjectPath) -> Iterator[Path]:
    """Yield a file of this machine that is put in the place of `path` at the end of the block, and then removed.

    Raises LakeError if the disk refuses, LakeUnreachable if the store does.
    """
    folder = path.bucket.local / UPLOADS
    temporary = folder / f".{path.name}.{os.getpid()}-{get_ident()}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(folder)
        yield temporary
        with temporary.open("rb") as file:
            path.put(file)
    except OSError as error:
        raise LakeError(f"cannot write {temporary}: {error}. Free space or fix permissions, then run again.") from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def _remove_abandoned(folder: Path) -> None:
    """Remove the files of writers that were killed: none takes a day to write."""
    for left in folder.iterdir():
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > ABANDONED_S:
                left.unlink()


def _expression(pattern: str) -> str:
    """A glob as a regular expression over keys."""
    parts = [".*" if part == "**/" else "[^/]*" if part == "*" else re.escape(part)
             for part in re.split(r"(\*\*/|\*)", pattern)]  # fmt: skip
    return "".join(parts)
