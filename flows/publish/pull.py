"""A release read back: checked where it stands, or fetched with checks.

The manifest answers for every byte, so a check reads every byte. A fetch that was cut goes on in the middle
of the file that it had reached, and the release's folder appears when all of it is there and right.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from flows.publish.errors import PublishError, StoreError
from flows.publish.shards import file_sha256
from flows.publish.store import CARD, LATEST, MANIFEST, Store, store_at
from schemas import Manifest, Shard, sha256_text
from schemas.release import Latest, Pack
from warehouse.lake import sync
from warehouse.progress import Report


class Damaged(PublishError):
    """A release is not what its manifest says; the message names each file."""


@dataclass(frozen=True)
class Found:
    """A release in its store: `folder` is its name there, empty where the address is the release itself."""

    store: Store
    folder: str
    manifest: Manifest
    text: str

    def chunks(self, name: str, start: int = 0) -> Iterator[bytes]:
        """A file's bytes from `start` on."""
        return self.store.chunks(start, *self._names(name))

    def read(self, name: str) -> str | None:
        """A file's text."""
        return self.store.read(*self._names(name))

    def _names(self, name: str) -> tuple[str, ...]:
        return (self.folder, name) if self.folder else (name,)


def find(address: str, endpoint_url: str | None = None) -> Found:
    """The release at an address, or the newest of the releases there; raises PublishError."""
    store = store_at(address, endpoint_url)
    try:
        pointer = store.read(LATEST)
        latest = Latest.model_validate_json(pointer) if pointer else None
        folder = latest.release if latest else ""
        text = store.read(folder, MANIFEST) if folder else store.read(MANIFEST)
        if text is None:
            raise PublishError(f"there is no release at {address}: neither {LATEST} nor {MANIFEST} is there")
        if latest and sha256_text(text) != latest.manifest_sha256:
            raise Damaged(f"the manifest of {address}/{folder} is not the one that {LATEST} points to")
        return Found(store, folder, Manifest.model_validate_json(text), text)
    except ValidationError as error:
        raise Damaged(f"{address} holds a {LATEST} or {MANIFEST} that cannot be read: {error}") from error


def verify(address: str, report: Report, endpoint_url: str | None = None) -> Manifest:
    """Read every file of a release and compare it with the manifest; raises Damaged naming all that differ."""
    found = find(address, endpoint_url)
    wrong = []
    for done, file in enumerate(found.manifest.files):
        report(done, len(found.manifest.files), f"reading {file.path}")
        if said := _wrong(found, file):
            wrong.append(f"{file.path} {said}")
    if found.read(CARD) is None:
        wrong.append(f"{CARD} is missing")
    if wrong:
        raise Damaged(f"{address}: {'; '.join(wrong)}. Publish again: what is missing or wrong is sent.")
    report(len(found.manifest.files), len(found.manifest.files), "whole")
    return found.manifest


def pull(address: str, folder: Path, report: Report, endpoint_url: str | None = None) -> Path:
    """Fetch a release into `folder`/<release>; returns that path. Raises PublishError; again goes on where it was."""
    found = find(address, endpoint_url)
    place, work = folder / found.manifest.name, folder / f".{found.manifest.name}.pulling"
    if place.exists():
        verify(str(place), report)
        return place
    for done, file in enumerate(found.manifest.files):
        report(done, len(found.manifest.files), f"fetching {file.path}")
        _fetch(found, file, work / file.path)
    for name, text in ((CARD, found.read(CARD) or ""), (MANIFEST, found.text)):
        (work / name).write_text(text, "utf-8")
        sync(work / name)
    work.rename(place)
    sync(folder)
    report(len(found.manifest.files), len(found.manifest.files), str(place))
    return place


def _wrong(found: Found, file: Shard | Pack) -> str | None:
    digest, size = hashlib.sha256(), 0
    try:
        for chunk in found.chunks(file.path):
            digest.update(chunk)
            size += len(chunk)
    except StoreError as error:
        return f"cannot be read ({error})"
    if size != file.size:
        return f"has {size} bytes, not {file.size}"
    return None if digest.hexdigest() == file.sha256 else "has other bytes than were published"


def _fetch(found: Found, file: Shard | Pack, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size == file.size and file_sha256(path) == file.sha256:
        return
    start = path.stat().st_size if path.exists() and path.stat().st_size < file.size else 0
    with path.open("ab" if start else "wb") as out:
        for chunk in found.chunks(file.path, start):
            out.write(chunk)
    sync(path)
    if path.stat().st_size != file.size or file_sha256(path) != file.sha256:
        path.unlink()
        raise Damaged(f"{file.path} came with other bytes than were published. Run again; it is fetched anew.")
