"""Mounts of a factory that root started, for one thread and its children.

A sandbox runs as an ordinary user, who cannot reach a workspace inside a folder of root. So the thread that starts it
takes a mount namespace of its own and binds each folder at a path that all users can reach. The mounts end with the
last process of that namespace, however it ends.
"""

import ctypes
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

_NEW_NAMESPACE = 0x20000
_NOSUID, _NODEV, _NOEXEC, _BIND, _RECURSIVE, _PRIVATE = 2, 4, 8, 0x1000, 0x4000, 0x40000
PLACE = Path("/tmp")  # noqa: S108 - covered by a file system of the thread's own
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def reachable(sources: Sequence[Path]) -> Iterator[list[Path]]:
    """Paths of the sources, in order, for children that this thread starts within the block.

    Needs CAP_SYS_ADMIN. The thread no longer shares its working directory with others afterwards, so it should be one
    that ends soon. Raises OSError.
    """
    before = os.open("/proc/thread-self/ns/mnt", os.O_RDONLY)
    try:
        _check(_libc.unshare(_NEW_NAMESPACE), "unshare")
        try:
            yield _bound(sources)
        finally:
            _check(_libc.setns(before, _NEW_NAMESPACE), "setns")
    finally:
        os.close(before)


def _bound(sources: Sequence[Path]) -> list[Path]:
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    opened = [os.open(source, os.O_PATH | os.O_NOFOLLOW) for source in sources]
    try:
        _mount("none", str(PLACE), "tmpfs", _NOSUID | _NODEV | _NOEXEC, "size=1m,nr_inodes=4096,mode=755")
        return [_bind(descriptor, PLACE / str(number)) for number, descriptor in enumerate(opened)]
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _bind(descriptor: int, place: Path) -> Path:
    if os.path.isdir(f"/proc/self/fd/{descriptor}"):  # noqa: PTH112 - the descriptor, not its name
        place.mkdir(0o755)
    else:
        place.touch(0o644)
    _mount(f"/proc/self/fd/{descriptor}", str(place), None, _BIND | _RECURSIVE)
    return place


def _mount(source: str | None, target: str, kind: str | None, flags: int, options: str | None = None) -> None:
    words = (word.encode() if word is not None else None for word in (source, target, kind))
    _check(_libc.mount(*words, ctypes.c_ulong(flags), options.encode() if options else None), f"mount on {target}")


def _check(result: int, call: str) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")
