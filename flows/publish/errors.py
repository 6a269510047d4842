"""The errors that stop a publish, export, verify or pull. Each message names the place and what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class PublishError(Exception):
    """A release cannot be made, stored, read or exported."""


class StudentError(PublishError):
    """The student's tokenizer cannot be used, or its renderer gives a conversation a wrong loss mask."""


class PublishRunning(PublishError):
    """Another process publishes to the same place and holds its lock."""


class DamagedRelease(PublishError):
    """A release differs from its manifest; the message names each file."""


class StoreError(PublishError):
    """The store could not be read or written."""


class NoCredentials(StoreError):
    """No usable credentials were found (boto3's chain, or the Hub's token)."""


class FileMissing(StoreError):
    """The store has no file of that name."""


class NotUtf8(StoreError):
    """A file that must be text is not UTF-8."""


class StoreMissing(StoreError):
    """The bucket or the repository does not exist."""


class Unreachable(StoreError):
    """The endpoint does not answer."""


class AccessRefused(StoreError):
    """The endpoint refuses these credentials."""


class ConditionsIgnored(StoreError):
    """The store ignores conditional writes, so that two publishers could overwrite each other."""


def is_retryable(error: object) -> bool:
    """True if a retry can succeed. A bad release or bad settings fail again; a store error may not."""
    return not isinstance(error, PublishError) or type(error) in {StoreError, Unreachable}


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Raise a StoreError for each OSError inside, which writes to the local file or folder `place`."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot write to {place}: {error}. Free space, fix permissions or choose another place, then run the "
            "command again."
        ) from error
