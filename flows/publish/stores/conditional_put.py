"""Tests if an S3 store honours conditional writes (If-None-Match, If-Match): several accept and ignore them.

A store that ignores `If-None-Match` answers 200 as if the key were free. Only a second write to the same key
reveals the difference.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from warehouse.objects.errors import CONFLICTS, error_code

UNUSED_ETAG = '"00000000000000000000000000000000"'


def honours_conditions(client: Any, bucket: str, key: Callable[[str], str]) -> bool:
    """True if the store refuses a write if the object exists (If-None-Match) or has another ETag (If-Match).

    `key` puts a name under the prefix. Writes one object and deletes it again. Raises botocore's errors.
    """
    place = {"Bucket": bucket, "Key": key(f".conditional-write-{uuid4().hex}")}
    try:
        _refused(client, place, IfNoneMatch="*")
        return _refused(client, place, IfNoneMatch="*") and _refused(client, place, IfMatch=UNUSED_ETAG)
    finally:
        client.delete_object(**place)


def _refused(client: Any, place: dict[str, str], **condition: str) -> bool:
    try:
        client.put_object(**place, Body=b"probe", **condition)
    except ClientError as error:
        if error_code(error) not in CONFLICTS | {"NotImplemented"}:
            raise
        return error_code(error) in CONFLICTS
    return False
