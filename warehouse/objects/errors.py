"""Errors of the object store become errors of the lake: the object, the answer of the store, and the next step.

A store that does not answer must never pass for a damaged part: a repair would set sound parts aside.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from warehouse.lake_errors import LakeError
from warehouse.objects.credentials import raise_safely, secrets_of

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

ABSENT = {"404", "NoSuchKey", "NotFound"}
CONFLICTS = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
REFUSALS = {"401", "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"}
AGAIN = "Nothing is lost: run the same command again."


class LakeUnreachable(LakeError):
    """The object store of the lake did not answer, or refused; the message names the address and the next step."""


def error_code(error: "ClientError") -> str:
    """The error code of an S3 response, such as NoSuchKey; empty if it has none."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def store_errors(address: str, endpoint: str) -> Iterator[None]:
    """Raise FileNotFoundError for an absent object and LakeUnreachable for every other error of the store inside.

    Neither the message nor the chained error that a traceback prints holds a credential.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError(2, "No such object", address) from error
    except (ClientError, BotoCoreError, OSError) as error:
        if isinstance(error, ClientError) and error_code(error) in ABSENT:
            raise FileNotFoundError(2, "No such object", address) from error
        from boto3 import Session

        raise_safely(LakeUnreachable(_message(error, address, endpoint)), error, secrets_of(Session()))


def _message(error: Exception, address: str, endpoint: str) -> str:
    from botocore.exceptions import ClientError, CredentialRetrievalError, NoCredentialsError, ProfileNotFound

    if isinstance(error, ClientError):
        return _of_response(address, endpoint, error_code(error))
    if isinstance(error, NoCredentialsError | CredentialRetrievalError | ProfileNotFound):
        return (
            f"no credentials for {address}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run "
            "where a role gives them. Then run the same command again."
        )
    return f"{address} could not be reached at {endpoint}: {error}. Check the network and lake_endpoint_url. {AGAIN}"


def _of_response(address: str, endpoint: str, code: str) -> str:
    if code == "NoSuchBucket":
        return f"there is no bucket for {address} at {endpoint}: create it, or correct lake_address."
    if code in REFUSALS:
        return (
            f"{endpoint} refuses {address} ({code}): check which credentials boto3 finds, and that they may list, "
            "read, write and delete there."
        )
    return f"{endpoint} answered {code} for {address}. Wait a little. {AGAIN}"
