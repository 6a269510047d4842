"""A release read back: checked where it stands, or fetched with checks.

A fetch that was cut goes on in the middle of the file that it had reached, and the release's folder appears
when all of it is there and right. A copy that is damaged is fetched anew.
"""

import shutil
from pathlib import Path

from flows.publish.build.shards import file_sha256
from flows.publish.errors import Damaged, StoreError, writing
from flows.publish.stores.store import CARD, MANIFEST, Directory
from flows.publish.stores.verify_release import Found, faults, faults_of_texts, find, strays
from schemas import Manifest, Shard
from schemas.release import Pack
from warehouse.console.progress import Report
from warehouse.lake import sync


def verify(address: str, report: Report, endpoint_url: str | None = None) -> Manifest:
    """Read every file of a release and compare it with the manifest; raises Damaged naming all that differ."""
    found = find(address, endpoint_url)
    if wrong := faults(found, report):
        raise Damaged(f"{address}: {'; '.join(wrong)}. Publish again: what is missing or wrong is sent.")
    report(len(found.manifest.files), len(found.manifest.files), "whole")
    return found.manifest


def pull(address: str, folder: Path, report: Report, endpoint_url: str | None = None) -> Path:
    """Fetch a release into `folder`/<release>; returns that path. Raises PublishError; again goes on where it was.

    A whole copy that is there stays, one that is not is replaced.
    """
    with writing(folder):
        return _pulled(address, folder, report, endpoint_url)


def _pulled(address: str, folder: Path, report: Report, endpoint_url: str | None) -> Path:
    found = find(address, endpoint_url)
    if wrong := faults_of_texts(found):
        raise Damaged(f"{address}: {'; '.join(wrong)}. Publish again, then pull.")
    place, work = folder / found.manifest.name, folder / f".{found.manifest.name}.pulling"
    if place.exists() and _is_whole(Found(Directory(folder), place.name, found.manifest, found.text), report):
        return place
    files = found.manifest.files
    _leave_only(work, {file.path for file in files})
    for done, file in enumerate(files):
        report(done, len(files), f"fetching {file.path}")
        _fetch(found, file, work / file.path)
    for name, text in ((CARD, found.read(CARD) or ""), (MANIFEST, found.text)):
        (work / name).write_text(text, "utf-8")
        sync(work / name)
    _put(work, place)
    report(len(files), len(files), str(place))
    return place


def _is_whole(here: Found, report: Report) -> bool:
    """Whether a copy is what its source is. Raises Damaged on files that are somebody's own: they are not removed."""
    if own := strays(here):
        raise Damaged(f"{here.store.location(here.folder)}: {'; '.join(own)}.")
    try:
        return here.read(MANIFEST) == here.text and not faults(here, report)
    except StoreError:
        return False


def _leave_only(work: Path, paths: set[str]) -> None:
    """Remove what an earlier fetch of another manifest left."""
    for path in work.rglob("*"):
        if path.is_file() and path.relative_to(work).as_posix() not in paths:
            path.unlink()


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


def _put(work: Path, place: Path) -> None:
    """Rename the release into its place; a damaged one that stands there goes when the new one is in."""
    damaged = place.with_name(f".{place.name}.damaged")
    shutil.rmtree(damaged, ignore_errors=True)
    if place.exists():
        place.rename(damaged)
    work.rename(place)
    sync(place.parent)
    shutil.rmtree(damaged, ignore_errors=True)
