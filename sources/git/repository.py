"""A bare copy of one repository in the state folder: its commit of the night, the files of that commit, their bytes.

A fetch brings one commit without its history, and only if the reference has moved since the last night. The night's
commit has a reference of its own, so that a killed crawl goes on with the same files.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sources.git.git_command import GitCommand, GitFailed, end_process

SYMLINK, SUBMODULE = "120000", "160000"
MAX_PACKS = 20
"""Fetches whose packs are kept apart; beyond it they are merged, and files of old commits are dropped."""
ATTRIBUTES = ("linguist-generated", "linguist-vendored")

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True)
class TreeFile:
    """One file of a commit."""

    path: str
    """within the repository, with slashes; bytes that are not UTF-8 as surrogate escapes"""
    mode: str
    """of git: 100644, 100755, SYMLINK or SUBMODULE"""
    blob: str
    """id of the content"""
    n_bytes: int
    attributes: frozenset[str] = frozenset()
    """those of ATTRIBUTES that .gitattributes sets"""

    @property
    def is_regular(self) -> bool:
        """False for a symbolic link and a submodule."""
        return self.mode not in (SYMLINK, SUBMODULE)


@dataclass(frozen=True)
class Resolved:
    """A reference of the remote repository at this moment."""

    name: str
    """the branch behind HEAD, else the reference as configured"""
    commit: str


@dataclass(frozen=True)
class Repository:
    """A bare copy of a remote or local repository."""

    git: GitCommand
    address: str
    """https, http or file url"""

    async def prepare(self) -> None:
        """Create the bare copy if there is none. Raises GitFailed."""
        if not (self.git.folder / "HEAD").is_file():
            self.git.folder.mkdir(parents=True, exist_ok=True)
            await self.git.run("init", "--quiet", "--bare", "--template=", str(self.git.folder))

    async def resolve(self, ref: str | None) -> Resolved:
        """Find the commit of a branch, tag or commit id (None: the default branch). Raises GitFailed."""
        if ref and _COMMIT.fullmatch(ref):
            return Resolved(ref, ref)
        names = ["HEAD"] if ref is None else [f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}"]
        out = await self.git.run("ls-remote", "--symref", "--", self.address, *names)
        lines = out.decode("utf-8", "replace").splitlines()
        found = {name: left for left, tab, name in (line.partition("\t") for line in lines) if tab}
        branch = next(
            (line.split()[1] for line in lines if line.startswith("ref: refs/heads/") and line.endswith("\tHEAD")), ""
        )
        commit = next((found[name] for name in names if _COMMIT.fullmatch(found.get(name, ""))), None)
        if commit is None:
            raise GitFailed(f"{self.address} has no {f'branch or tag {ref!r}' if ref else 'commit'}")
        return Resolved(ref or branch.removeprefix("refs/heads/") or "HEAD", commit)

    async def pinned(self, night: str) -> str | None:
        """Return the commit that a crawl of this night has begun with, or None. Raises GitFailed."""
        out = await self.git.run("for-each-ref", "--format=%(objectname)", f"refs/nights/{night}")
        return out.decode().strip() or None

    async def fetch(self, commit: str, night: str) -> bool:
        """Fetch a commit unless it is here already, and pin it for the night; True if it was fetched."""
        here = await self._has(commit)
        if not here:
            await self.git.run("fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head",
                               "--no-recurse-submodules", "--", self.address, commit)  # fmt: skip
        for old in (await self.git.run("for-each-ref", "--format=%(refname)", "refs/nights/")).decode().split():
            await self.git.run("update-ref", "-d", old)
        await self.git.run("update-ref", f"refs/nights/{night}", f"{commit}^{{commit}}")
        if len(list(self.git.folder.glob("objects/pack/*.pack"))) > MAX_PACKS:
            await self.git.run("gc", "--quiet", "--prune=now")
        return not here

    async def files(self, commit: str) -> list[TreeFile]:
        """List the files of a commit in path order. Raises GitFailed."""
        out = await self.git.run("ls-tree", "-r", "-z", "-l", "--full-tree", commit)
        found = [_tree_file(entry) for entry in out.split(b"\0") if entry]
        marked = await self._attributes(commit, [file.path for file in found])
        return [replace(file, attributes=marked.get(file.path, frozenset())) for file in found]

    async def _has(self, commit: str) -> bool:
        try:
            await self.git.run("cat-file", "-e", f"{commit}^{{tree}}")
        except GitFailed:
            return False
        return True

    async def _attributes(self, commit: str, paths: Iterable[str]) -> dict[str, frozenset[str]]:
        index = self.git.folder / "attributes.index"
        await self.git.run("read-tree", commit, index=index)
        asked = b"".join(path.encode("utf-8", "surrogateescape") + b"\0" for path in paths)
        out = await self.git.run("check-attr", "--cached", "-z", "--stdin", *ATTRIBUTES, stdin=asked, index=index)
        fields = out.decode("utf-8", "surrogateescape").split("\0")
        marked: dict[str, frozenset[str]] = {}
        for path, name, value in zip(fields[0::3], fields[1::3], fields[2::3], strict=False):
            if value not in ("unspecified", "unset", "false"):
                marked[path] = marked.get(path, frozenset()) | {name}
        return marked

    @asynccontextmanager
    async def blobs(self) -> AsyncIterator["BlobReader"]:
        """Open a reader of file contents: one git process for all of them. Raises GitFailed."""
        process = await self.git.start(["cat-file", "--batch"])
        try:
            yield BlobReader(process)
        finally:
            await end_process(process)


@dataclass(frozen=True)
class BlobReader:
    """Reads file contents by blob id."""

    process: asyncio.subprocess.Process

    async def read(self, blob: str) -> bytes:
        """Return the content of a blob. Raises GitFailed if it is missing or damaged."""
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise GitFailed("git cat-file has no pipes")
        try:
            stdin.write(f"{blob}\n".encode())
            await stdin.drain()
            head = (await stdout.readline()).split()
            if len(head) != 3:
                raise GitFailed(f"object {blob} is missing or damaged in the copy of the repository")
            return (await stdout.readexactly(int(head[2]) + 1))[:-1]
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise GitFailed(f"git cat-file ended while it read object {blob}") from error


def state_folder(state: Path, name: str) -> Path:
    """Return the folder of the bare copy of a repository; `name` is a hash of its address."""
    return state / "git" / f"{name}.git"


def _tree_file(entry: bytes) -> TreeFile:
    head, _, path = entry.partition(b"\t")
    mode, _, blob, size = head.split()
    n_bytes = 0 if size == b"-" else int(size)
    return TreeFile(path.decode("utf-8", "surrogateescape"), mode.decode(), blob.decode(), n_bytes)
