"""The part of a call that runs in a worker of a cluster: it goes to the night's folder, and refuses other code.

Workers of a cluster share the night's folder at the same path, and have the same code: with other code they would write
other bytes, unseen. The process that is connected to the cluster imports this module, too, and no domain: the work
waits for it.
"""

import hashlib
import os
import pickle
import socket
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from flows.engine.engine import EngineError

ROOMS = ("schemas", "sources", "warehouse", "flows")
PACKAGES = ("duckdb", "pyarrow", "numpy", "tokenizers", "transformers", "renderers")
"""Packages whose version decides the bytes of files."""


@dataclass(frozen=True)
class Place:
    """The folder and the code of the process that gives the work away."""

    folder: str
    code: str
    domain_folders: Sequence[Path]


def this_place(domain_folders: Sequence[Path]) -> Place:
    """The place of this process."""
    return Place(str(Path.cwd()), code_digest(), domain_folders)


@cache
def code_digest() -> str:
    """A hash of the factory's own files and of the versions of the packages that decide bytes."""
    digest = hashlib.sha256(" ".join(f"{name} {version(name)}" for name in PACKAGES).encode())
    for room in ROOMS:
        root = Path(str(files(room)))
        for path in sorted(one for one in root.rglob("*") if one.is_file() and "__pycache__" not in one.parts):
            digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def call_at(place: Place, call: bytes) -> bytes:
    """Run a pickled (function, arguments, keywords) at the place; a pickled (True, result) or (False, error).

    The bytes come from the process that gives the work away. The error carries its traceback as a note.
    """
    try:
        _enter(place)
        function, arguments, keywords = pickle.loads(call)  # noqa: S301
        return pickle.dumps((True, function(*arguments, **keywords)))
    except Exception as error:
        error.add_note(f"on {socket.gethostname()}: {traceback.format_exc()}")
        return pickle.dumps((False, error))


def _enter(place: Place) -> None:
    from flows.domains.finding import use_folders

    host = socket.gethostname()
    try:
        os.chdir(place.folder)
    except OSError as error:
        raise EngineError(
            f"the machine {host} of the cluster has no folder {place.folder} ({error.strerror}): mount it there at the "
            "same path"
        ) from error
    if code_digest() != place.code:
        raise EngineError(
            f"the machine {host} of the cluster has another version of the factory, or of {', '.join(PACKAGES)}: "
            "install the same one, and start Ray there again"
        )
    use_folders(place.domain_folders)
