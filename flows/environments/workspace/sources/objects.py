"""The objects of a local git repository, read without any effect of its hooks, filters, attributes and configuration.

All of these can run programs, and a repository is untrusted. So git reads only the objects, through an empty repository
of its own that borrows them.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.environments.workspace.sources.cache import TreeError

LINK, EXECUTABLE, FILES = "120000", "100755", {"100644", "100755", "120000"}


@dataclass(frozen=True)
class File:
    """A file or link of a commit."""

    path: str
    mode: str
    object_id: str
    n_bytes: int


@dataclass(frozen=True)
class Objects:
    """The objects of a repository, read through a repository without any configuration of its own."""

    git_dir: Path
    name: str
    """The repository's path, for messages."""

    def read(self, *arguments: str, stdin: bytes = b"") -> bytes:
        """The output of a git command. Raises TreeError."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
        environment |= {"HOME": str(self.git_dir), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_TERMINAL_PROMPT": "0"}
        command = ["git", f"--git-dir={self.git_dir}", *arguments]
        try:
            done = subprocess.run(command, input=stdin, capture_output=True, env=environment, check=False)
        except FileNotFoundError as error:
            raise TreeError("git is missing: install the Debian package git") from error
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise TreeError(f"git {arguments[0]} failed in {self.name}: {said}. Check the repository and the commit")
        return done.stdout

    def files(self, commit: str) -> Iterator[File]:
        """The files and links of a commit; its submodules are left out."""
        listed = self.read("ls-tree", "-r", "-l", "-z", "--full-tree", commit).split(b"\0")
        for line in filter(None, listed):
            facts, path = line.split(b"\t", 1)
            mode, _, object_id, size = facts.decode().split()
            if mode in FILES:
                yield File(os.fsdecode(path), mode, object_id, int(size))

    def blobs(self, ids: Sequence[str]) -> Iterator[bytes]:
        """The contents of objects, in order."""
        rest = self.read("cat-file", "--batch", stdin="".join(f"{one}\n" for one in ids).encode())
        for one in ids:
            head, _, rest = rest.partition(b"\n")
            if head.endswith(b" missing"):
                raise TreeError(f"{self.name} lacks the object {one}: fetch the whole repository")
            size = int(head.split()[-1])
            yield rest[:size]
            rest = rest[size + 1 :]


@contextmanager
def opened(repository: Path) -> Iterator[Objects]:
    """The objects of a repository or work tree. Raises TreeError if there is none."""
    objects = _objects_folder(repository)
    with tempfile.TemporaryDirectory(prefix="objects-") as folder:
        borrowed = Objects(Path(folder) / "repository.git", str(repository))
        borrowed.git_dir.mkdir()
        borrowed.read("init", "--quiet", "--bare", "--template=", str(borrowed.git_dir))
        alternates = borrowed.git_dir / "objects" / "info" / "alternates"
        alternates.parent.mkdir(parents=True, exist_ok=True)
        alternates.write_text(f"{objects}\n", "utf-8")
        yield borrowed


def _objects_folder(repository: Path) -> Path:
    """The folder of objects, also of a linked work tree, whose `.git` is a file."""
    place = repository / ".git"
    git_dir = place if place.is_dir() else repository
    if place.is_file():
        git_dir = repository / place.read_text("utf-8").removeprefix("gitdir:").strip()
    shared = git_dir / "commondir"
    if shared.is_file():
        git_dir = git_dir / shared.read_text("utf-8").strip()
    objects = (git_dir / "objects").resolve()
    if not objects.is_dir() or "\n" in str(objects):
        raise TreeError(f"{repository} is no git repository: correct its path in the settings")
    return objects
