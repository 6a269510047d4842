"""Whether a store honours conditional writes. It is asked, since several that take the condition ignore it.

A store that ignores `If-None-Match` answers 200 as if nothing stood there; only a second write to the same
key tells it from one that looks.
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from flows.publish.stores.s3_errors import code

CONFLICTS = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
OTHER = '"00000000000000000000000000000000"'
"""An ETag that no object has."""


def honours_conditions(client: Any, bucket: str, key: Callable[[str], str]) -> bool:
    """Whether a write is refused where the object stands (If-None-Match), or is another (If-Match).

    `key` puts a name under the prefix. The object that is written for this goes again. Raises botocore's errors.
    """
    place = {"Bucket": bucket, "Key": key(f".conditional-write-{uuid4().hex}")}
    try:
        _refused(client, place, IfNoneMatch="*")
        return _refused(client, place, IfNoneMatch="*") and _refused(client, place, IfMatch=OTHER)
    finally:
        client.delete_object(**place)


def _refused(client: Any, place: dict[str, str], **condition: str) -> bool:
    try:
        client.put_object(**place, Body=b"probe", **condition)
    except ClientError as error:
        if code(error) not in CONFLICTS | {"NotImplemented"}:
            raise
        return code(error) in CONFLICTS
    return False
