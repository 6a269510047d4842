"""Stores states of a workspace outside of it: what differs from the first state, and the content of those files.

A state is one JSON file beside the blobs that it names, each written whole. Two states are kept: the newest, and the
one before, to which an attempt returns if it was killed before its journal knew of the newest.
"""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from flows.environments.sandbox import remove
from flows.environments.workspace.scan import Entry, Tree

KEPT_STATES = 2


@dataclass(frozen=True)
class Marks:
    """The state of a workspace beside its files."""

    limits: Sequence[str] = ()
    """Limits that commands have reached."""
    submitted: bool = False


class Snapshots:
    """The stored states of one attempt's workspace; `first` is the state that its setup gives."""

    def __init__(self, folder: Path, first: Tree) -> None:
        self._states, self._blobs, self._first = folder / "states", folder / "blobs", first
        for one in (self._states, self._blobs):
            one.mkdir(parents=True, exist_ok=True)
        self._kept: dict[str, frozenset[str]] = {}
        """Blobs of the states that are kept, by their names, the newest last."""

    def save(self, name: str, tree: Tree, root: Path, marks: Marks) -> None:
        """Store a state, whose files are under `root`, with what else belongs to it."""
        changed = {path: one for path, one in tree.items() if not _is_first(one, self._first.get(path))}
        blobs = frozenset(one.content for one in changed.values() if one.kind == "file")
        for path, one in changed.items():
            if one.kind == "file" and not (self._blobs / one.content).exists():
                _put(self._blobs / one.content, root / path)
        state = {
            "changed": {path: asdict(one) for path, one in changed.items()},
            "removed": [path for path in self._first if path not in tree],
            "marks": asdict(marks),
        }
        new = self._states / f"{name}.new"
        new.write_text(json.dumps(state), "ascii")
        new.replace(self._states / name)
        self._keep(name, blobs)

    def load(self, name: str, root: Path) -> Marks | None:
        """Bring `root`, which is in the first state, to a stored one; returns what else belongs to it.

        None if the state is missing, and nothing was changed then.
        """
        path = self._states / name
        if not path.exists():
            return None
        state = json.loads(path.read_text("ascii"))
        changed = {one: Entry(**entry) for one, entry in state["changed"].items()}
        for one in state["removed"]:
            _clear(root / one)
        for one, entry in changed.items():
            self._put_back(entry, root / one, root)
        for one, entry in changed.items():
            if entry.kind == "folder":
                (root / one).chmod(entry.mode)
        self._kept = {name: frozenset(one.content for one in changed.values() if one.kind == "file")}
        return Marks(**state["marks"])

    def _put_back(self, entry: Entry, place: Path, root: Path) -> None:
        if entry.kind == "folder":
            if not place.is_dir() or place.is_symlink():
                _clear(place)
                place.mkdir()
            return
        _clear(place)
        match entry.kind:
            case "link":
                place.symlink_to(entry.content)
            case "hard":
                place.hardlink_to(root / entry.content)
            case "pipe":
                os.mkfifo(place)
                place.chmod(entry.mode)
            case _:
                shutil.copyfile(self._blobs / entry.content, place)
                place.chmod(entry.mode)
                os.utime(place, ns=(entry.mtime_ns, entry.mtime_ns))

    def _keep(self, name: str, blobs: frozenset[str]) -> None:
        self._kept.pop(name, None)
        self._kept[name] = blobs
        for old in list(self._kept)[:-KEPT_STATES]:
            del self._kept[old]
        for one in self._states.iterdir():
            if one.name not in self._kept:
                one.unlink()
        alive = frozenset[str]().union(*self._kept.values())
        for one in self._blobs.iterdir():
            if one.name not in alive:
                one.unlink()


def _is_first(one: Entry, first: Entry | None) -> bool:
    return one == first and first is not None and (one.kind != "file" or one.mtime_ns == first.mtime_ns)


def _put(blob: Path, source: Path) -> None:
    new = blob.with_suffix(".new")
    shutil.copyfile(source, new, follow_symlinks=False)
    new.replace(blob)


def _clear(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        remove(place)
    else:
        place.unlink(missing_ok=True)
