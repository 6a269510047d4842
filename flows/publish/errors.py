"""What can stop a release, named for the boundary where it happened; each message says what to do next."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class PublishError(Exception):
    """A release could not be made or sent."""


class StudentError(PublishError):
    """The student's tokenizer cannot be used, or it renders a conversation with a mask that is not right."""


class PublishUnderWay(PublishError):
    """Another process publishes to the same place."""


class Damaged(PublishError):
    """A release is not what its manifest says; the message names each file."""


class StoreError(PublishError):
    """The place that the release goes to did not do what it was asked."""


class NoCredentials(StoreError):
    """boto3's own chain found no usable credentials."""


class NotThere(StoreError):
    """The store holds no such file."""


class NotText(StoreError):
    """A file that must be text is not UTF-8."""


class NoBucket(StoreError):
    """The bucket does not exist."""


class Unreachable(StoreError):
    """No answer from the endpoint."""


class Refused(StoreError):
    """The endpoint knows us and says no."""


class Unconditional(StoreError):
    """The store ignores conditional writes, so that two publishers could mix."""


def passes(error: object) -> bool:
    """Whether the same publish may do better in a moment: what a release or its settings are stays as it is."""
    return not isinstance(error, PublishError) or type(error) in {StoreError, Unreachable}


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Raise what the system says against a file or folder of ours as a StoreError."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot write to {place}: {error}. Free space, fix permissions or choose another place, then run the "
            "command again."
        ) from error
