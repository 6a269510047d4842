"""Maps botocore's errors to StoreErrors: each names the bucket, the endpoint and the next step.

Messages hold no credentials (credentials.py), nor does the chained error that a traceback prints.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
)

from flows.publish.errors import AccessRefused, NoCredentials, StoreError, StoreMissing, Unreachable
from flows.publish.stores.protocol import RETRY_HINT
from warehouse.objects.credentials import raise_safely, secrets_of
from warehouse.objects.errors import ABSENT, REFUSALS, error_code


class S3Errors:
    """Translates the errors of one bucket at one endpoint."""

    def __init__(self, bucket: str, endpoint_url: str | None) -> None:
        self._bucket, self._endpoint = bucket, endpoint_url

    @cached_property
    def session(self) -> Any:
        """The boto3 session, with its credential chain: the credentials that no message may hold."""
        return boto3.Session()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Raise a StoreError for each botocore error inside."""
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            raise_safely(self._translated(error), error, secrets_of(self.session))

    def _translated(self, error: ClientError | BotoCoreError) -> StoreError:
        if isinstance(error, ClientError):
            return self._of_response(error)
        if isinstance(error, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError | ProfileNotFound):
            return NoCredentials(
                f"no credentials for {self._bucket}: {error}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or AWS_PROFILE, or run where a role gives them; then run the command again."
            )
        if isinstance(error, EndpointConnectionError | HTTPClientError | IncompleteReadError):
            return Unreachable(
                f"no answer from {self._endpoint or 'AWS'}: {error}. Check the endpoint (publish.endpoint_url) "
                f"and the network, then {RETRY_HINT}"
            )
        return StoreError(f"{error}. Check the address and the endpoint (publish.to and publish.endpoint_url).")

    def _of_response(self, error: ClientError) -> StoreError:
        code, place = error_code(error), f"{self._bucket} at {self._endpoint or 'AWS'}"
        message = error.response.get("Error", {}).get("Message", "")
        if code in {"NoSuchBucket", *ABSENT}:
            return StoreMissing(f"there is no {place}. Create the bucket, or name one that exists.")
        if code in REFUSALS:
            return AccessRefused(
                f"{place} refused: {code} {message}. Check which credentials boto3 finds, and that they may list, "
                "read and write there."
            )
        return StoreError(f"{place} answered {code} {message}. Wait a little, then {RETRY_HINT}")
