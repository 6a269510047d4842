"""Lists a workspace that hostile code has written: every file, folder and link, with the hash of what it holds.

Nothing is interpreted: a `.git` folder, ignore files and attributes are files like others. Names are bytes (in Python:
surrogate escapes). A file is hashed again only if the kernel reports a change, which no command can hide: its
change time cannot be set.
"""

import hashlib
import os
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flows.environments.sandbox import remove
from flows.environments.workspace.paths import FOLDER

MAX_DEPTH, MAX_PATH_BYTES = 200, 3_000
"""Folders below this depth, or with a longer path, are removed: few programs can work with them."""
CLOCK_NS = 50_000_000
"""A file that changed so shortly before it was hashed may change again without a later change time."""
BLOCK_BYTES = 1 << 20
PERMISSIONS = 0o777
Signature = tuple[int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, folder, link or pipe of a workspace."""

    kind: str
    """file, folder, link, hard (another name of an earlier file) or pipe."""
    mode: int
    """Permission bits; 0 for links."""
    content: str = ""
    """SHA-256 of a file, target of a link, path of the earlier name."""
    n_bytes: int = 0
    mtime_ns: int = field(default=0, compare=False)


Tree = Mapping[str, Entry]


def digest_of(tree: Tree) -> str:
    """Hash of a workspace: paths, kinds, permission bits and contents, but no times and owners."""
    total = hashlib.sha256()
    for path in sorted(tree):
        one = tree[path]
        total.update(f"{path}\0{one.kind}\0{one.mode:o}\0{one.content}\0".encode("utf-8", "surrogateescape"))
    return total.hexdigest()


class Scanner:
    """Scans one workspace again and again; the sandbox leaves files readable for their owner, and folders passable."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, tuple[Signature, str]] = {}
        """Hashes by path, each valid for as long as the file has this signature."""

    def scan(self) -> Tree:
        """All entries by path. Sockets, which are dead without their process, and too deep folders are removed."""
        scan = _Scan(self._known, time.time_ns() - CLOCK_NS)
        found = dict(scan.below(os.open(self.root, FOLDER), "", 1))
        self._known = scan.hashed
        return found


class _Scan:
    def __init__(self, known: Mapping[str, tuple[Signature, str]], settled_ns: int) -> None:
        self._known, self._settled_ns = known, settled_ns
        self._names: dict[tuple[int, int], str] = {}
        """First path of each file with several names."""
        self.hashed: dict[str, tuple[Signature, str]] = {}

    def below(self, descriptor: int, above: str, depth: int) -> Iterator[tuple[str, Entry]]:
        """The entries below an open folder, which is closed in the end; a folder comes before what it holds."""
        try:
            for name in sorted(os.listdir(descriptor)):
                status, path = os.stat(name, dir_fd=descriptor, follow_symlinks=False), f"{above}{name}"
                kind = stat.S_IFMT(status.st_mode)
                if kind == stat.S_IFSOCK:
                    os.unlink(name, dir_fd=descriptor)
                elif kind == stat.S_IFLNK:
                    yield path, Entry("link", 0, os.readlink(name, dir_fd=descriptor))
                elif kind == stat.S_IFIFO:
                    yield path, Entry("pipe", status.st_mode & PERMISSIONS)
                elif kind == stat.S_IFREG:
                    yield path, self._file(descriptor, name, path, status)
                elif kind == stat.S_IFDIR and (depth > MAX_DEPTH or len(os.fsencode(path)) > MAX_PATH_BYTES):
                    remove(Path(f"/proc/self/fd/{descriptor}/{name}"))
                elif kind == stat.S_IFDIR:
                    yield path, Entry("folder", status.st_mode & PERMISSIONS)
                    yield from self.below(os.open(name, FOLDER, dir_fd=descriptor), f"{path}/", depth + 1)
        finally:
            os.close(descriptor)

    def _file(self, folder: int, name: str, path: str, status: os.stat_result) -> Entry:
        mode, inode = status.st_mode & PERMISSIONS, (status.st_dev, status.st_ino)
        if status.st_nlink > 1:
            first = self._names.setdefault(inode, path)
            if first != path:
                return Entry("hard", mode, first)
        signature = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_mode)
        known = self._known.get(path)
        sha256 = known[1] if known and known[0] == signature else _hash(folder, name)
        if status.st_ctime_ns < self._settled_ns:
            self.hashed[path] = (signature, sha256)
        return Entry("file", mode, sha256, status.st_size, status.st_mtime_ns)


def _hash(folder: int, name: str) -> str:
    total = hashlib.sha256()
    with os.fdopen(os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder), "rb", buffering=0) as file:
        while block := file.read(BLOCK_BYTES):
            total.update(block)
    return total.hexdigest()
