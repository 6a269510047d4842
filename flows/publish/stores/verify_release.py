"""A release as it stands somewhere, and all that is wrong with it.

The manifest answers for every byte, so a check reads every byte; and it must answer for itself: its id follows
from its data and lineage, its counts from its shards. What it does not name must not lie where loaders look.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from flows.publish.errors import Damaged, NotText, PublishError, StoreError
from flows.publish.stores.store import CARD, LATEST, MANIFEST, Store, is_card, store_at
from schemas import Manifest, Shard, sha256_text
from schemas.release import Latest, Pack, release_id
from warehouse.console.progress import Report


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

    def names(self, folder: str) -> list[str]:
        """The names in a folder of the release."""
        return self.store.names(*self._names(folder))

    def _names(self, name: str) -> tuple[str, ...]:
        return (self.folder, name) if self.folder else (name,)


def find(address: str, endpoint_url: str | None = None) -> Found:
    """The release at an address, or the newest of the releases there; raises PublishError."""
    store = store_at(address, endpoint_url)
    try:
        pointer = store.read(LATEST)
        latest = None if pointer is None else Latest.model_validate_json(pointer)
        folder = latest.release if latest else ""
        text = store.read(folder, MANIFEST) if folder else store.read(MANIFEST)
        if text is None:
            raise PublishError(f"there is no release at {address}: neither {LATEST} nor {MANIFEST} is there")
        if latest and sha256_text(text) != latest.manifest_sha256:
            raise Damaged(f"the manifest of {address}/{folder} is not the one that {LATEST} points to")
        return Found(store, folder, Manifest.model_validate_json(text), text)
    except (ValidationError, NotText) as error:
        raise Damaged(f"{address} holds a {LATEST} or {MANIFEST} that cannot be read: {error}") from error


def faults(found: Found, report: Report) -> list[str]:
    """All that is wrong with a release, a phrase each; reads every file."""
    wrong = faults_of_texts(found)
    for done, file in enumerate(found.manifest.files):
        report(done, len(found.manifest.files), f"reading {file.path}")
        if said := _wrong(found, file):
            wrong.append(f"{file.path} {said}")
    return wrong + strays(found)


def faults_of_texts(found: Found) -> list[str]:
    """What is wrong with the manifest in itself, and with the card."""
    manifest, wrong = found.manifest, []
    data = [shard.data_sha256 for shard in manifest.shards if shard.data_sha256]
    if len(data) == len(manifest.shards) and release_id(data, manifest.lineage()) != manifest.release_id:
        wrong.append(f"{MANIFEST} says another data or lineage than its release_id is made of")
    for what in ("rows", "tokens"):
        told, held = getattr(manifest, what), sum(getattr(shard, what) for shard in manifest.shards)
        if told != held:
            wrong.append(f"{MANIFEST} says {told} {what}, and its shards {held}")
    try:
        card = found.read(CARD)
    except NotText as error:
        return [*wrong, str(error)]
    if not is_card(card, manifest):
        wrong.append(f"{CARD} is missing" if card is None else f"{CARD} is not the card of this release")
    return wrong


def strays(found: Found) -> list[str]:
    """Files that the manifest does not name, where loaders would take them for its rows."""
    known = {file.path for file in found.manifest.files}
    there = [f"data/{name}" for name in found.names("data") if name.endswith(".parquet")]
    return [
        f"{path} is no part of the release, but loaders read all of data/*.parquet: remove it"
        for path in there
        if path not in known
    ]


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
