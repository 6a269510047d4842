"""Checks, before a night, that the bucket of a lake can be written and honours conditional puts, which some ignore.

A store that ignores `If-None-Match` answers as if the key were free; only a second put of the same key reveals it.
"""

from uuid import uuid4

from warehouse.lake_errors import LakeError
from warehouse.objects.object_path import ObjectPath


def check_bucket(root: ObjectPath) -> None:
    """Put one object twice where the lake is, and delete it. Raises LakeError with the setting to change."""
    probe, bucket = root / f".conditional-put-{uuid4().hex}", root.bucket
    try:
        if all(bucket.is_created(probe.object_key, content) for content in (b"first", b"second")):
            raise LakeError(
                f"{root} ignores conditional puts (If-None-Match): two homes that write one lake would overwrite each "
                "other unnoticed. Set lake_address to a store that honours them."
            )
    finally:
        bucket.delete(probe.object_key)
