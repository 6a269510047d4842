"""Checks in seconds that a release can be stored, before a night of work depends on it; leaves nothing behind."""

import os
import socket
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

from flows.publish.errors import StoreError, Unreachable
from flows.publish.stores.open import is_remote, open_store
from flows.settings import Publish

CONNECT_S = 5.0
PORTS = {"http": 80, "https": 443}


def check_store(settings: Publish) -> None:
    """Raise StoreError, which names publish.to, if no release can be stored there."""
    if not is_remote(settings.to):
        _check_folder(Path(settings.to).absolute())
        return
    if settings.endpoint_url:
        _check_endpoint(settings.endpoint_url)  # the stores themselves try for longer than a minute
    try:
        open_store(settings).check()
    except StoreError as error:
        raise type(error)(f"publish.to = {settings.to!r}: {error}") from error


def _check_folder(folder: Path) -> None:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    if not existing.is_dir():
        raise StoreError(f"publish.to: {existing} is no folder, so no release can be stored in {folder}")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise StoreError(f"publish.to: {existing} is not writable, so no release can be stored in {folder}")


def _check_endpoint(url: str) -> None:
    parts = urlsplit(url)
    try:
        address = (parts.hostname or "", parts.port or PORTS[parts.scheme])
        with closing(socket.create_connection(address, timeout=CONNECT_S)):
            pass
    except (OSError, KeyError, ValueError) as error:
        raise Unreachable(f"publish.endpoint_url: {url} does not answer ({error})") from error
