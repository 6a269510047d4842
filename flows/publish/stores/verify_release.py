"""Finds a release in a store and verifies it: every byte against the manifest's checksums, and the manifest itself.

The manifest must agree with itself: its id follows from its data and lineage, its counts from its shards. Files
that it does not list must not lie where loaders look for rows.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from flows.publish.errors import DamagedRelease, NotUtf8, PublishError, StoreError
from flows.publish.stores.open import store_at
from flows.publish.stores.protocol import CARD, LATEST, MANIFEST, Store, is_card
from schemas import Manifest, Shard, sha256_text
from schemas.release import Latest, Pack, release_id
from warehouse.console.progress import ProgressCallback

PUBLISH_AGAIN = "`factory publish` writes both of the newest release anew; restore those of an earlier one from a copy."


@dataclass(frozen=True)
class StoredRelease:
    """A release in its store, with its parsed manifest."""

    store: Store
    folder: str
    """The release's folder in the store; empty if the store's address is the release itself."""
    manifest: Manifest
    manifest_text: str

    def chunks(self, name: str, start: int = 0) -> Iterator[bytes]:
        """The bytes of a file of the release from offset `start`; raises StoreError."""
        return self.store.chunks(start, *self._path(name))

    def read(self, name: str) -> str | None:
        """The text of a file of the release, None if it is absent; raises StoreError."""
        return self.store.read(*self._path(name))

    def file_names(self, folder: str) -> list[str]:
        """The names of the files in a folder of the release; raises StoreError."""
        return self.store.file_names(*self._path(folder))

    def _path(self, name: str) -> tuple[str, ...]:
        return (self.folder, name) if self.folder else (name,)


def find_release(address: str, endpoint_url: str | None = None) -> StoredRelease:
    """The release at an address, or the newest release of the store there.

    Raises PublishError if there is none, DamagedRelease if its pointer or manifest cannot be read or do not match.
    """
    store = store_at(address, endpoint_url)
    try:
        pointer = store.read(LATEST)
        latest = None if pointer is None else Latest.model_validate_json(pointer)
        folder = latest.release if latest else ""
        text = store.read(folder, MANIFEST) if folder else store.read(MANIFEST)
        if text is None:
            raise PublishError(f"there is no release at {address}: it has neither {LATEST} nor {MANIFEST}")
        if latest and sha256_text(text) != latest.manifest_sha256:
            raise DamagedRelease(
                f"the manifest of {address}/{folder} is not the one that {LATEST} points to. {PUBLISH_AGAIN}"
            )
        return StoredRelease(store, folder, Manifest.model_validate_json(text), text)
    except (ValidationError, NotUtf8) as error:
        reason = str(error).replace("\n", " ")
        raise DamagedRelease(
            f"{address} holds a {LATEST} or {MANIFEST} that cannot be read: {reason}. {PUBLISH_AGAIN}"
        ) from error


def find_faults(release: StoredRelease, report: ProgressCallback) -> list[str]:
    """Every fault of a release, one phrase per fault; reads every file whole. Raises StoreError."""
    faults = manifest_faults(release)
    for done, file in enumerate(release.manifest.files):
        report(done, len(release.manifest.files), f"reading {file.path}")
        if fault := _file_fault(release, file):
            faults.append(f"{file.path} {fault}")
    return faults + unlisted_files(release)


def manifest_faults(release: StoredRelease) -> list[str]:
    """The contradictions within the manifest, and the faults of the card. Raises StoreError."""
    manifest, faults = release.manifest, []
    data = [shard.data_sha256 for shard in manifest.shards if shard.data_sha256]
    if len(data) == len(manifest.shards) and release_id(data, manifest.lineage()) != manifest.release_id:
        faults.append(f"{MANIFEST} holds other data hashes or lineage than its release_id was made from")
    for name in ("rows", "tokens"):
        total, summed = getattr(manifest, name), sum(getattr(shard, name) for shard in manifest.shards)
        if total != summed:
            faults.append(f"{MANIFEST} counts {total} {name}, its shards {summed}")
    try:
        card = release.read(CARD)
    except NotUtf8 as error:
        return [*faults, str(error)]
    if not is_card(card, manifest):
        faults.append(f"{CARD} is missing" if card is None else f"{CARD} is not the card of this release")
    return faults


def unlisted_files(release: StoredRelease) -> list[str]:
    """One phrase per Parquet file in data/ that the manifest does not list: loaders would read it as rows."""
    listed = {file.path for file in release.manifest.files}
    stored = [f"data/{name}" for name in release.file_names("data") if name.endswith(".parquet")]
    return [
        f"{path} is not part of the release, but loaders read all of data/*.parquet: remove it"
        for path in stored
        if path not in listed
    ]


def _file_fault(release: StoredRelease, file: Shard | Pack) -> str | None:
    digest, size = hashlib.sha256(), 0
    try:
        for chunk in release.chunks(file.path):
            digest.update(chunk)
            size += len(chunk)
    except StoreError as error:
        return f"cannot be read ({error})"
    if size != file.size:
        return f"has {size} bytes, not {file.size}"
    return None if digest.hexdigest() == file.sha256 else "has other bytes than were published"
