"""The files that `factory import` is given: paths, folders and patterns of this machine, of a bucket or of the Hub.

Remote files are fetched one at a time into the factory's state, and deleted once they are imported.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from flows.commands.exit import fail, plain_errors

if TYPE_CHECKING:
    from flows.settings import Settings

NAMES = re.compile(r"\.(jsonl|ndjson|json|traj|eval|parquet)(\.(gz|zst|xz|bz2))?$|\.zip$", re.IGNORECASE)
"""File names that are read in a folder or a repository."""
PATTERN = re.compile(r"[*?\[]")
IN_HUB = re.compile(r"(?P<repo>hf://datasets/[\w.-]+/[\w.-]+(?:@[\w.-]+)?)/?(?P<path>.*)")
HUB_FOLDERS = ("", "data")
"""Folders of a Hub data set that are read if the address names none."""


def expanded(addresses: list[str], settings: "Settings", endpoint_url: str | None) -> list[str]:
    """One address per file, in name order; an address without a file ends the command."""
    from flows.settings.address import HUB, S3, check_address

    with plain_errors():
        checked = [check_address(address) for address in addresses]
    found = []
    for address in checked:
        if address.startswith(S3):
            found += _in_bucket(address, endpoint_url or settings.publish.endpoint_url)
        elif address.startswith(HUB):
            found += _in_hub(address, endpoint_url)
        else:
            found += _on_disk(address)
    return list(dict.fromkeys(found))


def _on_disk(address: str) -> list[str]:
    path = Path(address)
    if path.is_dir():
        found = [str(one) for one in sorted(path.rglob("*")) if one.is_file() and NAMES.search(one.name)]
    elif PATTERN.search(address) and not path.exists():
        start = Path(path.anchor or ".")
        found = sorted(str(one) for one in start.glob(str(path.relative_to(start))) if one.is_file())
    else:
        return [address]
    if not found:
        fail(f"{address}: no files there. It reads .jsonl, .json, .traj, .eval and .parquet, compressed or not.")
    return found


def _in_bucket(address: str, endpoint_url: str | None) -> list[str]:
    folder, _, name = address.rpartition("/")
    if not name.strip(".") or "/" not in address.removeprefix("s3://"):
        fail(f"{address} is not the address of a file: write s3://bucket/key for each file, or s3://bucket/folder/*.")
    return _matching(folder, "", name, endpoint_url) if PATTERN.search(name) else [address]


def _in_hub(address: str, endpoint_url: str | None) -> list[str]:
    parts = IN_HUB.fullmatch(address)
    if not parts:
        fail(f"{address} is no file of a Hub data set: write hf://datasets/owner/name/file, or without a file for all.")
    folder, _, name = parts["path"].rpartition("/")
    if name and not PATTERN.search(name):
        return [address]
    folders = [folder] if folder or name else HUB_FOLDERS
    return [one for place in folders for one in _matching(parts["repo"], place, name or "*", endpoint_url)]


def _matching(place: str, folder: str, pattern: str, endpoint_url: str | None) -> list[str]:
    """Addresses of the files directly in a remote folder whose names fit a pattern."""
    from flows.publish.stores.open import store_at

    with plain_errors():
        names = store_at(place, endpoint_url).file_names(*filter(None, [folder]))
    fits = [name for name in sorted(names) if fnmatch(name, pattern) and (pattern != "*" or NAMES.search(name))]
    return [f"{place}/{folder}/{name}" if folder else f"{place}/{name}" for name in fits]


@contextmanager
def local_copy(file: str, settings: "Settings", endpoint_url: str | None) -> Iterator[Path]:
    """Local path of the file; a remote one is downloaded, and deleted after the import."""
    from flows.publish.stores.open import is_remote, store_at

    if not is_remote(file):
        yield Path(file)
        return
    parts = IN_HUB.fullmatch(file)
    place, key = (parts["repo"], parts["path"]) if parts else (file.rpartition("/")[0], file.rpartition("/")[2])
    # the endpoint in the settings is that of the bucket
    endpoint = endpoint_url if parts else endpoint_url or settings.publish.endpoint_url
    fetched = settings.state / "import" / Path(key).name
    fetched.parent.mkdir(parents=True, exist_ok=True)
    try:
        with fetched.open("wb") as out:
            out.writelines(store_at(place, endpoint).chunks(0, key))
        yield fetched
    finally:
        fetched.unlink(missing_ok=True)
