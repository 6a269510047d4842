"""Releases in a local directory. A release is built next to its place and renamed into it; the pointer moves last."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.publish.errors import FileMissing, StoreError
from flows.publish.stores.protocol import (
    CARD,
    CHUNK_BYTES,
    LATEST,
    MANIFEST,
    decode_text,
    is_card,
    is_manifest,
    pointer_text,
)
from schemas import Manifest, sha256_file
from warehouse.console.progress import ProgressCallback, write_atomic
from warehouse.lake import sync


class DirectoryStore:
    """Releases in a local directory: `<root>/<release>/`, `<root>/latest.json`, and a symbolic link `<root>/latest`."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self._build = self.root / ".publishing"

    def check(self) -> None:
        with _writing(self.root):
            self.root.mkdir(parents=True, exist_ok=True)

    def build_folder(self, state: Path) -> Path:
        return self._build

    def location(self, name: str) -> str:
        return str(self.root / name)

    def put(self, built: Path, manifest: Manifest, report: ProgressCallback) -> str:
        place = self.root / manifest.name
        with _writing(place):
            if not _is_intact(place, manifest):
                for path in [*built.rglob("*"), built]:
                    sync(path)
                if place.exists():
                    place.rename(built.with_name("damaged"))
                built.rename(place)
                sync(self.root)
            text = (place / MANIFEST).read_text("utf-8")
            self.point(manifest.name, text)
        return text

    def attach(self, name: str, file_name: str, text: str) -> None:
        place = self.root / name / file_name
        with _writing(place):
            write_atomic(place, text)

    def read(self, *names: str) -> str | None:
        place = self.root.joinpath(*names)
        with _reading(place):
            return decode_text(place.read_bytes(), str(place)) if place.exists() else None

    def file_names(self, *names: str) -> list[str]:
        place = self.root.joinpath(*names)
        with _reading(place):
            return sorted(path.name for path in place.iterdir()) if place.is_dir() else []

    def chunks(self, start: int, *names: str) -> Iterator[bytes]:
        place = self.root.joinpath(*names)
        with _reading(place), place.open("rb") as file:
            file.seek(start)
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def point(self, name: str, manifest_text: str) -> None:
        """Make the release `name` the newest: `latest.json` and the link `latest` lead to it. Raises StoreError."""
        fresh, link = self.root / f".{LATEST}", self.root / ".latest"
        link.unlink(missing_ok=True)
        fresh.write_text(pointer_text(manifest_text), "utf-8")
        sync(fresh)
        fresh.replace(self.root / LATEST)
        link.symlink_to(name)
        link.replace(self.root / "latest")
        sync(self.root)


def _is_intact(place: Path, manifest: Manifest) -> bool:
    """True if the folder holds this release: every file with its SHA-256, the manifest and the card."""
    try:
        files = all(
            (place / file.path).stat().st_size == file.size and sha256_file(place / file.path) == file.sha256
            for file in manifest.files
        )
        stored, card = ((place / name).read_text("utf-8") for name in (MANIFEST, CARD))
        return files and is_manifest(stored, manifest) and is_card(card, manifest)
    except (OSError, ValueError):
        return False


@contextmanager
def _writing(place: Path) -> Iterator[None]:
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
        raise FileMissing(f"{place} does not exist") from error
    except OSError as error:
        raise StoreError(f"cannot read {place}: {error}. Fix permissions, or name a release's folder.") from error
