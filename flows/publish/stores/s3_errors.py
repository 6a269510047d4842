"""What a bucket answers, as errors that name the boundary and say what to do next.

No credential stands in a message: not the account's own keys, not what an address carries (a password, or
the signature of a signed one), also not in the chained error that a traceback prints.
"""

import re
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

from flows.publish.errors import NoBucket, NoCredentials, Refused, StoreError, Unreachable

ABSENT = {"404", "NoSuchKey", "NotFound"}
REFUSALS = {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken"}
IN_ADDRESS = re.compile(r"(?<=://)[^/@\s]+@|(?<=\?)[^\s\"'<>]*(?i:signature|credential|token|accesskey)[^\s\"'<>]*")

AGAIN = "run the command again: what is there already is not sent or fetched twice."
"""What helps whoever publishes, and whoever verifies, pulls or imports."""
SHORTEST = 8
"""Characters of a key; what is shorter is a test's, and a part of ordinary words."""


def code(error: ClientError) -> str:
    """The server's code for an error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def untold(text: str, secrets: list[str]) -> str:
    """The text without these secrets, and without what an address carries of others."""
    for secret in secrets:
        text = text.replace(secret, "[credential]") if len(secret) >= SHORTEST else text
    return IN_ADDRESS.sub("[credential]", text)


class Replies:
    """Names the errors of one place."""

    def __init__(self, bucket: str, endpoint_url: str | None) -> None:
        self._bucket, self._endpoint = bucket, endpoint_url

    @cached_property
    def session(self) -> Any:
        """boto3's, with its chain of credentials: those that must not be told."""
        return boto3.Session()

    @contextmanager
    def named(self) -> Iterator[None]:
        """Raise what botocore raises inside as a StoreError."""
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            told, plain = self._named(error), self._without_secrets(str(error))
            safe = type(told)(self._without_secrets(str(told)))
            raise safe from (error if plain == str(error) else None)

    def _named(self, error: ClientError | BotoCoreError) -> StoreError:
        if isinstance(error, ClientError):
            return self._of_reply(error)
        if isinstance(error, NoCredentialsError | PartialCredentialsError | CredentialRetrievalError | ProfileNotFound):
            return NoCredentials(
                f"no credentials for {self._bucket}: {error}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                "or AWS_PROFILE, or run where a role gives them; then run the command again."
            )
        if isinstance(error, EndpointConnectionError | HTTPClientError | IncompleteReadError):
            return Unreachable(
                f"no answer from {self._endpoint or 'AWS'}: {error}. Check the endpoint (publish.endpoint_url) "
                f"and the network, then {AGAIN}"
            )
        return StoreError(f"{error}. Check the address and the endpoint (publish.to and publish.endpoint_url).")

    def _of_reply(self, error: ClientError) -> StoreError:
        told, place = code(error), f"{self._bucket} at {self._endpoint or 'AWS'}"
        said = error.response.get("Error", {}).get("Message", "")
        if told in {"NoSuchBucket", *ABSENT}:
            return NoBucket(f"there is no {place}. Create the bucket, or name one that exists.")
        if told in REFUSALS:
            return Refused(
                f"{place} refused: {told} {said}. Check which credentials boto3 finds, and that they may list, "
                "read and write there."
            )
        return StoreError(f"{place} answered {told} {said}. Wait a little, then {AGAIN}")

    def _without_secrets(self, text: str) -> str:
        return untold(text, self._secrets())

    def _secrets(self) -> list[str]:
        try:
            keys = self.session.get_credentials()
        except BotoCoreError:
            return []
        return [key or "" for key in (keys.secret_key, keys.token, keys.access_key)] if keys else []
