"""The protocol that every store of releases implements: a local directory, an S3 bucket, a repository of the Hub.

A reader who starts from `latest.json` or from a manifest never sees half a release: a store makes the files
visible before their manifest, and moves the pointer to the newest release last.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pydantic import ValidationError

from flows.publish.errors import NotUtf8
from schemas import Manifest, sha256_text
from schemas.release import Latest
from warehouse.console.progress import ProgressCallback

CHUNK_BYTES = 1024 * 1024
MANIFEST, CARD, LATEST, PAGE = "manifest.json", "README.md", "latest.json", "report.html"
RETRY_HINT = "run the command again: files that are there already are not sent or fetched twice."
"""The last sentence of a store's error, valid for every command: publish, verify, pull and import."""


class Store(Protocol):
    """Holds releases, one folder each, and a pointer to the newest. Every method raises StoreError."""

    def check(self) -> None:
        """Check that the store can be written, before any work goes into a release."""
        ...

    def build_folder(self, state: Path) -> Path:
        """The local folder to build a release in; `state` is the factory's own folder."""
        ...

    def location(self, name: str) -> str:
        """The address of a release."""
        ...

    def read(self, *names: str) -> str | None:
        """The text of a file, None if it is absent. `names` are the parts of its path. Raises NotUtf8."""
        ...

    def file_names(self, *names: str) -> list[str]:
        """The names of the files directly in a folder, empty if the folder is absent."""
        ...

    def chunks(self, start: int, *names: str) -> Iterator[bytes]:
        """The bytes of a file from offset `start`, in chunks of at most CHUNK_BYTES. Raises FileMissing."""
        ...

    def put(self, built: Path, manifest: Manifest, report: ProgressCallback) -> str:
        """Store the release in the folder `built` and point to it; returns the text of the stored manifest.

        Files that are already stored and intact are left alone. A stored manifest that differs from `manifest`
        counts as damaged and is replaced.
        """
        ...

    def attach(self, name: str, file_name: str, text: str) -> None:
        """Store a text beside the card of the release `name`, in place of an earlier one.

        It is no part of the release: the manifest does not list it, and no command verifies or pulls it.
        """
        ...


def pointer_text(manifest_text: str) -> str:
    """The text of latest.json for the release that a manifest describes."""
    manifest = Manifest.model_validate_json(manifest_text)
    latest = Latest(release=manifest.name, release_id=manifest.release_id, manifest_sha256=sha256_text(manifest_text))
    return latest.model_dump_json(indent=2) + "\n"


def is_manifest(text: str | None, manifest: Manifest) -> bool:
    """True if a stored text parses to exactly this manifest: files, rows, lineage and all."""
    try:
        return text is not None and Manifest.model_validate_json(text) == manifest
    except ValidationError:
        return False


def is_card(text: str | None, manifest: Manifest) -> bool:
    """True if a stored text is the dataset card of this release: it contains the release id."""
    return text is not None and manifest.release_id in text


def decode_text(body: bytes, place: str) -> str:
    """The bytes of a stored file as text; raises NotUtf8 if they are not UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise NotUtf8(f"{place} is not UTF-8 text ({error}): publish again to write it anew.") from error
