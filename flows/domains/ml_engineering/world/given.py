"""Bundles of given tables: the open files of a task that was made of a user's table, kept by their hash.

A bundle holds no private label. It lies in the folder of sources, so a setup names it by hash and never by a path.
"""

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flows.domains.ml_engineering.world.files import Files, digest_of

FOLDER = "tables"
PUBLIC = "public.json"
NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Bundle:
    """The files of the workspace, and the labels of the public rows by id."""

    files: Files
    public: Mapping[int, float | str]


def write_bundle(sources: Path, bundle: Bundle) -> str:
    """Store a bundle, whole or not at all; returns its hash."""
    stored = _stored(bundle)
    name = digest_of(stored)
    place = sources / FOLDER / name
    if place.is_dir():
        return name
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=".new-") as folder:
        whole = Path(folder, name)
        whole.mkdir()
        for one, data in stored.items():
            (whole / one).write_bytes(data)
        if not place.is_dir():
            whole.rename(place)
    return name


def read_bundle(sources: Path, name: str) -> Bundle | None:
    """The bundle of that hash; None if there is none, or if its files were changed."""
    place = sources / FOLDER / name
    if not NAME.fullmatch(name) or not place.is_dir():
        return None
    stored = {one.name: one.read_bytes() for one in place.iterdir() if one.is_file()}
    if digest_of(stored) != name:
        return None
    public = {int(one): label for one, label in json.loads(stored.pop(PUBLIC)).items()}
    return Bundle(stored, public)


def _stored(bundle: Bundle) -> dict[str, bytes]:
    return {**bundle.files, PUBLIC: json.dumps({str(one): label for one, label in bundle.public.items()}).encode()}
