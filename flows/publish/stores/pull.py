"""Verifies a release in its store, or downloads it with checks.

An interrupted download resumes in the middle of the file that it had reached. The release's folder appears once
all files are downloaded and verified. A damaged copy is downloaded again.
"""

import shutil
from pathlib import Path

from flows.publish.errors import DamagedRelease, StoreError, writing
from flows.publish.stores.directory import DirectoryStore
from flows.publish.stores.protocol import CARD, LATEST, MANIFEST
from flows.publish.stores.verify_release import (
    StoredRelease,
    find_faults,
    find_release,
    manifest_faults,
    unlisted_files,
)
from schemas import Manifest, Shard, sha256_file
from schemas.release import Pack
from warehouse.console.progress import ProgressCallback
from warehouse.lake import sync


def verify(address: str, report: ProgressCallback, endpoint_url: str | None = None) -> Manifest:
    """Read every file of a release and compare it with the manifest; raises DamagedRelease with every fault."""
    release = find_release(address, endpoint_url)
    if faults := find_faults(release, report):
        raise DamagedRelease(f"{address}: {'; '.join(faults)}. Publish again: missing and damaged files are sent.")
    report(len(release.manifest.files), len(release.manifest.files), "whole")
    return release.manifest


def pull(address: str, folder: Path, report: ProgressCallback, endpoint_url: str | None = None) -> Path:
    """Download a release to `folder`/<release>; returns that path.

    `folder`/latest leads to the newest release of a store, or to the first release that was downloaded. Resumes an
    interrupted download. An intact copy is left alone, a damaged one is replaced. Raises PublishError.
    """
    with writing(folder):
        return _pulled(address, folder, report, endpoint_url)


def _pulled(address: str, folder: Path, report: ProgressCallback, endpoint_url: str | None) -> Path:
    release = find_release(address, endpoint_url)
    if faults := manifest_faults(release):
        raise DamagedRelease(f"{address}: {'; '.join(faults)}. Publish again, then pull.")
    name = release.manifest.name
    place = folder / name
    copy = StoredRelease(DirectoryStore(folder), name, release.manifest, release.manifest_text)
    if not (place.exists() and _is_intact(copy, report)):
        _download(release, place, report)
    if release.folder or copy.store.read(LATEST) is None:
        DirectoryStore(folder).point(name, release.manifest_text)
    return place


def _download(release: StoredRelease, place: Path, report: ProgressCallback) -> None:
    """Download every file beside the place, then rename the whole folder into it."""
    files, work = release.manifest.files, place.with_name(f".{place.name}.pulling")
    _remove_others(work, {file.path for file in files})
    for done, file in enumerate(files):
        report(done, len(files), f"fetching {file.path}")
        _fetch(release, file, work / file.path)
    for file_name, text in ((CARD, release.read(CARD) or ""), (MANIFEST, release.manifest_text)):
        (work / file_name).write_text(text, "utf-8")
        sync(work / file_name)
    _put(work, place)
    report(len(files), len(files), str(place))


def _is_intact(copy: StoredRelease, report: ProgressCallback) -> bool:
    """True if a copy equals its source. Raises DamagedRelease on files of the user's own: they must not be removed."""
    if own := unlisted_files(copy):
        raise DamagedRelease(f"{copy.store.location(copy.folder)}: {'; '.join(own)}.")
    try:
        return copy.read(MANIFEST) == copy.manifest_text and not find_faults(copy, report)
    except StoreError:
        return False


def _remove_others(work: Path, paths: set[str]) -> None:
    """Remove the files that an earlier download, of another manifest, left."""
    for path in work.rglob("*"):
        if path.is_file() and path.relative_to(work).as_posix() not in paths:
            path.unlink()


def _fetch(release: StoredRelease, file: Shard | Pack, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size == file.size and sha256_file(path) == file.sha256:
        return
    start = path.stat().st_size if path.exists() and path.stat().st_size < file.size else 0
    with path.open("ab" if start else "wb") as out:
        for chunk in release.chunks(file.path, start):
            out.write(chunk)
    sync(path)
    if path.stat().st_size != file.size or sha256_file(path) != file.sha256:
        path.unlink()
        raise DamagedRelease(f"{file.path} came with other bytes than were published. Run again; it is fetched anew.")


def _put(work: Path, place: Path) -> None:
    """Rename the downloaded release into its place; a damaged copy there is removed afterwards."""
    damaged = place.with_name(f".{place.name}.damaged")
    shutil.rmtree(damaged, ignore_errors=True)
    if place.exists():
        place.rename(damaged)
    work.rename(place)
    sync(place.parent)
    shutil.rmtree(damaged, ignore_errors=True)
