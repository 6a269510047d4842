"""Unpacks source archives, whose content is untrusted: nothing may land outside, and sizes are bounded.

Besides hostile names and links, compiled files and version control data are left out: both could show the original of
a file that a task has changed.
"""

import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from flows.environments.workspace.sources.cache import TreeError

if TYPE_CHECKING or sys.version_info >= (3, 11, 4):
    import tarfile
else:  # the filters against hostile members came with 3.11.4
    from backports import tarfile

MAX_FILES = 20_000
MAX_BYTES = 256 * 2**20
"""Most bytes of all files of a tree together."""
LEFT_OUT = {".git", ".hg", ".svn", "__pycache__", ".pytest_cache", ".mypy_cache", ".tox"}


def kept(path: PurePosixPath) -> bool:
    """False for compiled files, caches and version control data."""
    return path.suffix not in {".pyc", ".pyo"} and not LEFT_OUT.intersection(path.parts)


def unpack_sdist(archive: Path, target: Path) -> None:
    """Unpack the one top folder of a .tar.gz into an existing folder, without that top folder.

    Raises TreeError if a name or a link leads outside, if a member is no file, folder or link, or on too much content.
    """
    try:
        with tarfile.open(archive, "r:*") as tar:
            for member in _members(tar, archive.name):
                tar.extract(member, target, filter="data")
    except (tarfile.TarError, OSError, EOFError, KeyError, ValueError) as error:
        raise TreeError(f"{archive.name} cannot be unpacked: {error}. Choose another release of it") from error


def _members(tar: tarfile.TarFile, name: str) -> Iterator[tarfile.TarInfo]:
    n_bytes, top = 0, None
    for n_files, member in enumerate(tar, 1):
        path = PurePosixPath(member.name)
        n_bytes += max(0, member.size)
        if n_files > MAX_FILES or n_bytes > MAX_BYTES:
            raise TreeError(f"{name} holds more than {MAX_FILES:,} files or {MAX_BYTES:,} bytes: leave it out")
        if path.is_absolute() or ".." in path.parts:
            raise TreeError(f"{name} names a place outside of it, {member.name!r}: do not use it")
        if not path.parts:
            continue
        top = top or path.parts[0]
        if path.parts[0] != top:
            raise TreeError(f"{name} has more than one top folder, {top!r} and {path.parts[0]!r}: leave it out")
        if len(path.parts) > 1 and kept(path):
            yield _moved_up(member, path)


def _moved_up(member: tarfile.TarInfo, path: PurePosixPath) -> tarfile.TarInfo:
    """The member without its top folder; a hard link's target, which is a name in the archive, loses it too."""
    linked = PurePosixPath(member.linkname)
    name = str(PurePosixPath(*linked.parts[1:])) if member.islnk() else member.linkname
    return member.replace(name=str(PurePosixPath(*path.parts[1:])), linkname=name, mode=_mode(member), deep=False)


def _mode(member: tarfile.TarInfo) -> int:
    return 0o755 if member.isdir() or member.mode & 0o100 else 0o644
