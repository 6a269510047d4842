"""Builds a workspace from its setup: a copy of the source tree, with the setup's files laid over it.

All times are equal, so that no file betrays that it was laid over. Repositories and compiled files stay behind: they
would show what the files were before.
"""

import os
import shutil
import stat
from pathlib import Path

from flows.environments.sandbox import remove
from flows.environments.workspace.setup import WorkspaceSetup, content_of, mode_of, parents
from flows.environments.workspace.trees import tree_folder

LEFT_BEHIND = frozenset({".git", ".hg", ".svn", "__pycache__"})
TIME_S = 1_735_689_600
"""Modification time of every file and folder: 2025-01-01, 00:00 UTC."""


def materialise(setup: WorkspaceSetup, sources_path: Path, target: Path) -> None:
    """Make the folder `target`; source trees are kept in `sources_path`. Raises TreeError."""
    target.mkdir(parents=True)
    target.chmod(0o755)
    source = tree_folder(setup.tree, sources_path)
    if source is not None:
        _copy(source, target)
    for path, file in setup.files.items():
        place = target / path
        mode = _clear(target, path)
        if file is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content_of(file))
            place.chmod(mode_of(file, mode))
    _level(target)


def _copy(source: Path, target: Path) -> None:
    def ignored(folder: str, names: list[str]) -> set[str]:
        return set(names) & LEFT_BEHIND

    shutil.copytree(source, target, symlinks=True, ignore=ignored, dirs_exist_ok=True, copy_function=_copy_file)


def _copy_file(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    Path(target).chmod(0o755 if Path(source).stat().st_mode & stat.S_IXUSR else 0o644)


def _clear(target: Path, path: str) -> int:
    """Remove whatever is in the place of a file, and links on the way to it; returns the file's permission bits."""
    for folder in parents(path):
        if (target / folder).is_symlink() or (target / folder).is_file():
            (target / folder).unlink()
    place = target / path
    if place.is_dir() and not place.is_symlink():
        remove(place)
        return 0o644
    mode = place.stat().st_mode if place.is_file() and not place.is_symlink() else 0o644
    place.unlink(missing_ok=True)
    return mode


def _level(target: Path) -> None:
    """Set the times and the folders' permission bits."""
    for folder, folders, files in os.walk(target, topdown=False):
        place = Path(folder)
        for name in (*folders, *files):
            os.utime(place / name, (TIME_S, TIME_S), follow_symlinks=False)
        place.chmod(0o755)
        os.utime(place, (TIME_S, TIME_S))
