"""Source trees of local git repositories: the files of one commit, written here and not by git."""

import os
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from flows.environments.workspace.sources.cache import TreeError, made_once
from flows.environments.workspace.sources.objects import EXECUTABLE, LINK, Objects, opened
from flows.environments.workspace.sources.unpack import MAX_BYTES, MAX_FILES, kept

COMMIT = re.compile(r"[0-9a-f]{40}")


def git_folder(tree: Mapping[str, object], sources_path: Path) -> Path:
    """The files of {path, commit} in the cache, written if they are missing. Raises TreeError."""
    path, commit = Path(str(tree.get("path", ""))), str(tree.get("commit", ""))
    if not COMMIT.fullmatch(commit):
        raise TreeError(f"a tree of kind git needs the whole id of a commit, not {commit!r}")

    def make(folder: Path) -> None:
        with opened(path) as objects:
            _write(objects, commit, folder)

    return made_once(sources_path / "git" / commit, make)


def _write(objects: Objects, commit: str, folder: Path) -> None:
    files = [one for one in objects.files(commit) if kept(PurePosixPath(one.path))]
    if len(files) > MAX_FILES or sum(one.n_bytes for one in files) > MAX_BYTES:
        limits = f"{MAX_FILES:,} files or {MAX_BYTES:,} bytes"
        raise TreeError(f"{objects.name} holds more than {limits} at {commit}: leave it out")
    for file, content in zip(files, objects.blobs([one.object_id for one in files]), strict=True):
        _write_one(folder, file.path, file.mode, content)


def _write_one(folder: Path, path: str, mode: str, content: bytes) -> None:
    parts = PurePosixPath(path).parts
    if PurePosixPath(path).is_absolute() or ".." in parts or ".git" in {one.lower() for one in parts}:
        raise TreeError(f"the commit names a place outside of it, {path!r}: do not use it")
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    if folder.resolve() not in (target.parent.resolve(), *target.parent.resolve().parents):
        raise TreeError(f"the commit writes through a link, {path!r}: do not use it")
    if mode == LINK:
        _link(folder, target, os.fsdecode(content))
        return
    target.write_bytes(content)
    target.chmod(0o755 if mode == EXECUTABLE else 0o644)


def _link(folder: Path, target: Path, to: str) -> None:
    aim = (target.parent / to).resolve()
    if Path(to).is_absolute() or folder.resolve() not in (aim, *aim.parents):
        raise TreeError(f"a link of the commit leads outside of it, {target.name!r} -> {to!r}: do not use it")
    target.symlink_to(to)
