"""Parts of a lake in a bucket that a compaction merged: one object lists them, and so decides which ones readers see.

A bucket has no folders that one step could exchange. So merged parts are put where no listing of a record finds them,
and one conditional put of this object shows them in place of their members, in all records of a day at once. Later
they are copied to their places, which shows them to every reader of the bucket, and their members are deleted.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from io import BytesIO
from pathlib import PurePosixPath

from warehouse.lake_errors import LakeError
from warehouse.objects.bucket import Stored
from warehouse.objects.object_path import ObjectPath

STAGED = ".compaction"
"""Folder of the lake for merged parts, below the same names as in the lake, and for the object that lists them."""
LIST = "replaced.json"


@dataclass(frozen=True)
class Replaced:
    """A merged part of one record, which readers see in place of its members."""

    record: str
    day: str
    """The folder of the day, such as `date=2026-11-20`."""
    name: str
    members: tuple[str, ...]
    """Names of the parts whose rows it has, in order."""
    since: float
    """Seconds since 1970 when readers began to see it where it is."""
    is_copied: bool = False
    """True once it is in its place, so that readers see it there; False while they see it in `.compaction`."""

    def place(self, root: ObjectPath) -> ObjectPath:
        """The path that the part has in the end."""
        return root / self.record / self.day / self.name

    def staged(self, root: ObjectPath) -> ObjectPath:
        """The path in `.compaction`."""
        return root / STAGED / self.record / self.day / self.name

    def replaced(self, root: ObjectPath) -> list[ObjectPath]:
        """The paths of the members."""
        return [root / self.record / self.day / name for name in self.members]


def replaced_parts(root: ObjectPath) -> list[Replaced]:
    """The merged parts whose members may still be there. Raises LakeUnreachable."""
    content = root.bucket.content((root / STAGED / LIST).object_key)
    return [Replaced(**{**row, "members": tuple(row["members"])}) for row in json.loads(content or b"[]")]


def write_replaced(root: ObjectPath, parts: list[Replaced], earlier: list[Replaced]) -> list[Replaced]:
    """Show these merged parts from now on, in place of those read earlier; returns them.

    Raises LakeError if the list is another one by now, or if another process writes it at the same time.
    """
    path = root / STAGED / LIST
    before = root.bucket.stored(path.object_key)
    if before and before.sha256 != sha256(_text(earlier)).hexdigest():
        raise LakeError(f"another process merges parts of {root}: stop it, then run the same command again.")
    root.bucket.put_over(path.object_key, BytesIO(_text(parts)), before)
    return parts


def _text(parts: list[Replaced]) -> bytes:
    return json.dumps([asdict(one) for one in parts]).encode()


def visible(root: ObjectPath, record: str, day: str | None = None) -> dict[PurePosixPath, tuple[str, Stored]]:
    """The objects of a record, or of one day of it, that readers see: place in the lake -> key and object.

    The list is read first: a part that is copied to its place meanwhile is then seen once.
    """
    replaced = [one for one in replaced_parts(root) if one.record == record and day in (None, one.day)]
    folder = root / record / day if day else root / record
    found = {PurePosixPath(key): (key, one) for key, one in root.bucket.listed(folder.object_key).items()}
    hidden = {path.key for one in replaced for path in one.replaced(root)}
    staged = [one for one in replaced if not one.is_copied]
    seen = {place: one for place, one in found.items() if place not in hidden}
    return seen | (_staged(root, record, staged) if staged else {})


def visible_parts(root: ObjectPath, record: str, folder: str) -> list[ObjectPath]:
    """The Parquet files of a record that readers see, in name order; `folder` is a day, or a pattern of days."""
    found = visible(root, record, None if "*" in folder else folder)
    depth = len((root / record).key.parts) + 2
    return [
        ObjectPath(root.bucket, PurePosixPath(key), stored)
        for place, (key, stored) in sorted(found.items())
        if len(place.parts) == depth and place.suffix == ".parquet" and fnmatchcase(place.parent.name, folder)
    ]


def _staged(root: ObjectPath, record: str, parts: Collection[Replaced]) -> dict[PurePosixPath, tuple[str, Stored]]:
    listed = root.bucket.listed((root / STAGED / record).object_key)
    keys = {one.place(root).key: one.staged(root).object_key for one in parts}
    if gone := sorted(set(keys.values()) - listed.keys()):
        raise LakeError(
            f"{root.bucket.address(gone[0])} is gone. The parts that it replaced are still there: delete "
            f"{root / STAGED / LIST}, then run the same command again."
        )
    return {place: (key, listed[key]) for place, key in keys.items()}
