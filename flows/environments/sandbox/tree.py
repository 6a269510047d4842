"""Walks a folder that hostile code has written: sizes, ownership and removal.

Names, depth, links and permission bits are all hostile. The walks follow no link and hold no path: each step opens
one name below an open folder.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MAX_DEPTH = 200
"""Folders deeper than this are not walked, and count as the limit of the disk."""
ENTRY_BYTES = 4096
"""Least bytes that a file or folder counts."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@dataclass(frozen=True)
class Size:
    """Size of a folder on disk."""

    n_bytes: int = 0
    largest: int = 0
    """Apparent bytes of the largest file."""
    too_deep: bool = False


def measure(folder: Path) -> Size:
    """Size of all that the folder holds; names that vanish meanwhile are left out."""
    total, largest, deep = 0, 0, False
    for depth, _, _, status in _entries(folder):
        total += max(status.st_blocks * 512, ENTRY_BYTES)
        if stat.S_ISREG(status.st_mode):
            largest = max(largest, status.st_size)
        deep = deep or depth > MAX_DEPTH
    return Size(total, largest, deep)


def claim(folder: Path, uid: int) -> Size:
    """Give all that the folder holds to `uid`, as root; else leave owners as they are. Returns the size.

    Folders become passable and files readable for their owner, so that a later reader does not fail on them. Other
    users may not enter the folder.
    Call it only while no process works in the folder.
    """
    total, largest, deep = 0, 0, False
    _claim_entry(folder.lstat(), str(folder), None, uid)
    folder.chmod(0o700)
    for depth, parent, name, status in _entries(folder):
        _claim_entry(status, name, parent, uid)
        total += max(status.st_blocks * 512, ENTRY_BYTES)
        if stat.S_ISREG(status.st_mode):
            largest = max(largest, status.st_size)
        deep = deep or depth > MAX_DEPTH
    return Size(total, largest, deep)


def _claim_entry(status: os.stat_result, name: str, parent: int | None, uid: int) -> None:
    if os.geteuid() == 0 and (status.st_uid != uid or status.st_gid != uid):
        os.chown(name, uid, uid, dir_fd=parent, follow_symlinks=False)
    wanted = 0o700 if stat.S_ISDIR(status.st_mode) else 0o600
    kind = stat.S_IFMT(status.st_mode)
    if kind in (stat.S_IFREG, stat.S_IFDIR) and status.st_mode & wanted != wanted:
        _chmod(name, wanted, parent)


def _chmod(name: str, wanted: int, parent: int | None) -> None:
    """Add permissions to a file or folder; never to the target of a link that has taken its place."""
    descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=parent)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISLNK(mode):
            Path(f"/proc/self/fd/{descriptor}").chmod(stat.S_IMODE(mode) | wanted)
    finally:
        os.close(descriptor)


def _entries(folder: Path) -> Iterator[tuple[int, int, str, os.stat_result]]:
    """(depth, descriptor of the parent, name, status) of every entry; a folder comes before its content."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        yield from _below(os.open(folder, _FOLDER), 1)


def _below(descriptor: int, depth: int) -> Iterator[tuple[int, int, str, os.stat_result]]:
    """The entries below an open folder, which is closed in the end."""
    try:
        for name in os.listdir(descriptor):
            try:
                status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield depth, descriptor, name, status
            if stat.S_ISDIR(status.st_mode) and depth <= MAX_DEPTH:
                with contextlib.suppress(FileNotFoundError, PermissionError, NotADirectoryError):
                    yield from _below(os.open(name, _FOLDER, dir_fd=descriptor), depth + 1)
    finally:
        os.close(descriptor)


def remove(folder: Path) -> None:
    """Remove a folder that no process works in, however deep it is and whatever its permission bits are.

    A folder that is missing is as good as removed.
    """
    with contextlib.suppress(FileNotFoundError):
        folder.chmod(0o700)
        top = os.open(folder, _FOLDER)
        try:
            while _empty(top, top, 1):
                pass
        finally:
            os.close(top)
        folder.rmdir()


def _empty(descriptor: int, top: int, depth: int) -> bool:
    """Empty an open folder; folders that are too deep are moved to the top. True if any was moved."""
    moved = False
    for name in os.listdir(descriptor):
        if not stat.S_ISDIR(os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode):
            os.unlink(name, dir_fd=descriptor)
            continue
        _chmod(name, 0o700, descriptor)
        if depth >= MAX_DEPTH:
            os.rename(name, f".deep-{os.urandom(8).hex()}", src_dir_fd=descriptor, dst_dir_fd=top)
            moved = True
            continue
        inner = os.open(name, _FOLDER, dir_fd=descriptor)
        try:
            moved_below = _empty(inner, top, depth + 1)
        finally:
            os.close(inner)
        moved = moved or moved_below
        os.rmdir(name, dir_fd=descriptor)
    return moved
