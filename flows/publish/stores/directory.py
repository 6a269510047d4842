"""Where a release goes. A reader who starts from `latest.json` or a manifest never sees half a release.

In a directory a release is built beside its place and renamed into it. In a bucket its shards go first
and its manifest after all of them (bucket.py). The pointer to the newest release moves last.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from flows.publish.build.shards import file_sha256
from flows.publish.errors import NotText, NotThere, PublishUnderWay, StoreError, writing
from flows.settings import Publish
from schemas import Manifest, sha256_text
from schemas.release import Latest
from warehouse.console.progress import Report
from warehouse.lake import sync

CHUNK_BYTES = 1024 * 1024
MANIFEST, CARD, LATEST = "manifest.json", "README.md", "latest.json"


class Store(Protocol):
    """A place that holds releases side by side, and a pointer to the newest."""

    def check(self) -> None:
        """Ask whether the place can be written, before work goes into a release; raises StoreError."""
        ...

    def workplace(self, state: Path) -> Path:
        """The folder to build a release in before it goes to its place."""
        ...

    def location(self, name: str) -> str:
        """The address of a release."""
        ...

    def read(self, *names: str) -> str | None:
        """The text of a file of the store; None where there is none. Raises StoreError: NotText where it is none."""
        ...

    def names(self, *names: str) -> list[str]:
        """The names of the files in a folder of the store; none where it is not there. Raises StoreError."""
        ...

    def chunks(self, start: int, *names: str) -> Iterator[bytes]:
        """A file's bytes from `start` on. Raises StoreError."""
        ...

    def put(self, built: Path, manifest: Manifest, report: Report) -> str:
        """Put a built release in its place and point to it; returns its manifest's text as it stands there.

        What is there already and whole stays as it is; a manifest that says other than what was built is not whole.
        Raises StoreError.
        """
        ...


def open_store(settings: Publish) -> Store:
    """The store that `publish.to` names."""
    return store_at(settings.to, settings.endpoint_url, settings.sole_publisher)


def store_at(address: str, endpoint_url: str | None = None, sole_publisher: bool = False) -> Store:
    """The store at s3://bucket/prefix, at hf://datasets/owner/name, or in a directory."""
    if address.startswith("s3://"):
        from flows.publish.stores.s3 import Bucket

        return Bucket(address, endpoint_url, sole_publisher)
    if address.startswith("hf://"):
        return _hub(address, endpoint_url)
    return Directory(Path(address))


def _hub(address: str, endpoint_url: str | None) -> Store:
    try:
        from flows.publish.stores.hub import Hub
    except ImportError as error:
        raise StoreError(
            f"{address} needs huggingface_hub: pip install 'horizon-factory[hf]' ({error}), or set publish.to to "
            "s3://bucket/prefix or a directory."
        ) from error
    return Hub(address, endpoint_url)


def pointer(manifest_text: str) -> str:
    """The text of latest.json for the release that a manifest describes."""
    manifest = Manifest.model_validate_json(manifest_text)
    latest = Latest(release=manifest.name, release_id=manifest.release_id, manifest_sha256=sha256_text(manifest_text))
    return latest.model_dump_json(indent=2) + "\n"


def says(text: str | None, manifest: Manifest) -> bool:
    """Whether a manifest that stands in a store says what was built: files, rows, lineage and all."""
    try:
        return text is not None and Manifest.model_validate_json(text) == manifest
    except ValidationError:
        return False


def is_card(text: str | None, manifest: Manifest) -> bool:
    """Whether a text is the card of this release: it names it."""
    return text is not None and manifest.release_id in text


def text_of(body: bytes, place: str) -> str:
    """The text that a store holds; raises NotText."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise NotText(f"{place} is not UTF-8 text ({error}): publish again, it is written anew.") from error


@contextmanager
def workshop(folder: Path) -> Iterator[Path]:
    """An empty folder to build in, held by one process and gone afterwards, also what a killed one left.

    Raises PublishUnderWay while another process builds there, StoreError where nothing can be built.
    """
    with writing(folder.parent):
        folder.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PublishUnderWay(f"another process publishes to {folder.parent}: wait until it ends.") from error
        shutil.rmtree(folder, ignore_errors=True)
        with writing(folder.parent):
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(held)


class Directory:
    """Releases in a local directory: `<root>/<release>/`, `<root>/latest.json`, and a link `<root>/latest`."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._work = self.root / ".publishing"

    def check(self) -> None:
        with _said_of(self.root):
            self.root.mkdir(parents=True, exist_ok=True)

    def workplace(self, state: Path) -> Path:
        return self._work

    def location(self, name: str) -> str:
        return str(self.root / name)

    def put(self, built: Path, manifest: Manifest, report: Report) -> str:
        place = self.root / manifest.name
        with _said_of(place):
            if not _is_whole(place, manifest):
                for path in [*built.rglob("*"), built]:
                    sync(path)
                if place.exists():
                    place.rename(built.with_name("damaged"))
                built.rename(place)
                sync(self.root)
            text = (place / MANIFEST).read_text("utf-8")
            self._point(manifest.name, pointer(text))
        return text

    def read(self, *names: str) -> str | None:
        """The text of a file under the root; None where there is none. Raises StoreError."""
        place = self.root.joinpath(*names)
        with _reading(place):
            return text_of(place.read_bytes(), str(place)) if place.exists() else None

    def names(self, *names: str) -> list[str]:
        """The names of the files in a folder under the root; raises StoreError."""
        place = self.root.joinpath(*names)
        with _reading(place):
            return sorted(path.name for path in place.iterdir()) if place.is_dir() else []

    def chunks(self, start: int, *names: str) -> Iterator[bytes]:
        """A file's bytes from `start` on; raises StoreError."""
        place = self.root.joinpath(*names)
        with _reading(place), place.open("rb") as file:
            file.seek(start)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def _point(self, name: str, text: str) -> None:
        fresh, link = self._work / LATEST, self._work / "latest"
        fresh.write_text(text, "utf-8")
        sync(fresh)
        fresh.replace(self.root / LATEST)
        link.symlink_to(name)
        link.replace(self.root / "latest")
        sync(self.root)


def _is_whole(place: Path, manifest: Manifest) -> bool:
    """Whether a release stands here with its card, the manifest that was built, and its files."""
    try:
        files = all(
            (place / file.path).stat().st_size == file.size and file_sha256(place / file.path) == file.sha256
            for file in manifest.files
        )
        standing, card = ((place / name).read_text("utf-8") for name in (MANIFEST, CARD))
        return files and says(standing, manifest) and is_card(card, manifest)
    except (FileNotFoundError, ValueError):
        return False


@contextmanager
def _said_of(place: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot write the release to {place}: {error}. Free space or fix permissions, or set publish.to "
            "to another directory, then run `factory publish` again."
        ) from error


@contextmanager
def _reading(place: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotThere(f"{place} is not there") from error
    except OSError as error:
        raise StoreError(f"cannot read {place}: {error}. Fix permissions, or name a release's folder.") from error
