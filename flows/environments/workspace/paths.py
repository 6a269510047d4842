"""Opens files of a workspace that hostile code has written, and never one outside of it.

Links are followed by name inside the workspace only, as the agent's own commands see them: an absolute target counts
from the sandbox's root, of which only /workspace is here. Each step opens one name below an open folder.
"""

import contextlib
import os
import stat
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.environments.tool import Answer

ROOT = "/workspace"
MAX_LINKS = 40
"""Links on the way to one file, as in Linux."""
MAX_BYTES = 16 << 20
"""Bytes of a file that are read at most."""
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Refused(Exception):
    """A path that cannot be used; `answer` explains it to the model."""

    def __init__(self, text: str, *, missing: bool = False) -> None:
        super().__init__(text)
        self.answer = Answer(text, "empty" if missing else "blocked")


@contextmanager
def parent_of(root: Path, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """(descriptor of the folder that holds the file, its name in there), with every link on the way followed.

    `make` creates missing folders. The name is `.` for the workspace itself. Raises Refused.
    """
    names, folders, links = deque(_names(path)), [os.open(root, FOLDER)], 0
    try:
        while names:
            name = names.popleft()
            if name == "..":
                if len(folders) == 1:
                    raise Refused(f"{path} is outside of {ROOT}, where no file can be used.")
                os.close(folders.pop())
                continue
            target = _link_target(name, folders[-1])
            if target is not None:
                links += 1
                if links > MAX_LINKS:
                    raise Refused(f"{path} leads through too many symbolic links.")
                if target.startswith("/"):
                    while len(folders) > 1:
                        os.close(folders.pop())
                names.extendleft(reversed(_names(target, path)))
            elif names:
                folders.append(_below(folders[-1], name, path, make=make))
            else:
                yield folders[-1], name
                return
        yield folders[-1], "."
    finally:
        for one in folders:
            os.close(one)


def open_file(folder: int, name: str, path: str, flags: int, mode: int = 0o644) -> int:
    """Open a regular file of an open folder. Raises Refused if it is missing, or anything but a regular file."""
    try:
        descriptor = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode, dir_fd=folder)
    except FileNotFoundError:
        raise Refused(f"There is no file {path}.", missing=True) from None
    except IsADirectoryError:
        raise Refused(f"{path} is a folder.") from None
    except OSError as error:
        raise Refused(f"{path} cannot be opened: {os.strerror(error.errno or 0)}.") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        kind = "a folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "no regular file"
        os.close(descriptor)
        raise Refused(f"{path} is {kind}.")
    return descriptor


def content(folder: int, name: str, path: str) -> tuple[bytes, int]:
    """(the first MAX_BYTES bytes of a file, its size). Raises Refused."""
    with os.fdopen(open_file(folder, name, path, os.O_RDONLY), "rb") as file:
        return file.read(MAX_BYTES), os.fstat(file.fileno()).st_size


def is_folder(folder: int, name: str) -> bool:
    """True if the name in an open folder is a folder itself, not a link to one."""
    return exists(folder, name) and stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def exists(folder: int, name: str) -> bool:
    """True if an open folder has the name."""
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return False
    return True


def _names(path: str, shown: str | None = None) -> list[str]:
    """The names of a path below the workspace; absolute ones must start there."""
    if "\0" in path or not path:
        raise Refused("The path is empty or holds a zero byte.")
    if path.startswith("/"):
        if path != ROOT and not path.startswith(f"{ROOT}/"):
            raise Refused(f"{shown or path} is outside of {ROOT}, where no file can be used.")
        path = path.removeprefix(ROOT)
    return [name for name in path.split("/") if name not in ("", ".")]


def _link_target(name: str, folder: int) -> str | None:
    with contextlib.suppress(OSError):
        return os.readlink(name, dir_fd=folder)
    return None


def _below(folder: int, name: str, path: str, *, make: bool) -> int:
    try:
        if make:
            with contextlib.suppress(FileExistsError):
                os.mkdir(name, 0o755, dir_fd=folder)
        return os.open(name, FOLDER, dir_fd=folder)
    except FileNotFoundError:
        raise Refused(f"There is no file {path}: the folder {name} is missing.", missing=True) from None
    except NotADirectoryError:
        raise Refused(f"There is no file {path}: {name} is no folder.", missing=True) from None
    except OSError as error:
        raise Refused(f"{path} cannot be opened: {os.strerror(error.errno or 0)}.") from None
