"""Opens the store that an address names. Each scheme has its opener here."""

from collections.abc import Callable
from pathlib import Path

from flows.publish.errors import StoreError
from flows.publish.stores.directory import DirectoryStore
from flows.publish.stores.protocol import Store
from flows.settings import Publish
from flows.settings.address import HUB, S3, AddressError, check_address


def open_store(settings: Publish) -> Store:
    """The store of the setting `publish.to`; raises StoreError if the address cannot be one."""
    return store_at(settings.to, settings.endpoint_url, settings.sole_publisher)


def store_at(address: str, endpoint_url: str | None = None, sole_publisher: bool = False) -> Store:
    """The store at s3://bucket/prefix, at hf://datasets/owner/name, or in a local directory.

    `endpoint_url` is for stores over HTTP (None: AWS, huggingface.co). `sole_publisher` accepts an S3 store that
    ignores conditional writes. Raises StoreError if the address cannot be one, or a package for it is missing.
    """
    try:
        address = check_address(address)
    except AddressError as error:
        raise StoreError(str(error)) from error
    for scheme, opener in REMOTE.items():
        if address.startswith(scheme):
            return opener(address, endpoint_url, sole_publisher)
    return DirectoryStore(Path(address))


def is_remote(address: str) -> bool:
    """True if the address is not a path of this machine."""
    return address.startswith(tuple(REMOTE))


def _s3(address: str, endpoint_url: str | None, sole_publisher: bool) -> Store:
    from flows.publish.stores.s3 import S3Store

    return S3Store(address, endpoint_url, sole_publisher)


def _hub(address: str, endpoint_url: str | None, _: bool) -> Store:
    try:
        from flows.publish.stores.hub import HubStore
    except ImportError as error:
        raise StoreError(
            f"{address} needs huggingface_hub: pip install 'horizon-factory[hf]' ({error}), or set publish.to to "
            "s3://bucket/prefix or a directory."
        ) from error
    return HubStore(address, endpoint_url)


REMOTE: dict[str, Callable[[str, str | None, bool], Store]] = {S3: _s3, HUB: _hub}
"""Address scheme -> opener. A store's libraries are imported when its scheme is used, not before."""
