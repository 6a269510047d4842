"""Limits that the kernel holds for each process of a sandbox: a second line behind those of all together.

The factory sets them on the first process inside, before the command begins, and children inherit them. They are set
there, not on bubblewrap, since the kernel counts the processes of one user in each user namespace.
"""

import ctypes
import os
import platform
import resource
from collections.abc import Iterator

from flows.environments.sandbox.command import MB, Limits

OPEN_FILES = 1024
SPARE_PROCESSES = 16
"""Processes that may exist beyond the limit until the next sample ends the command."""
_UNCHANGED = -1
_SET_IDS = {"x86_64": (119, 117), "aarch64": (149, 147)}
"""Numbers of setresgid and setresuid by machine; the C library's functions would change all threads of the process."""
_libc = ctypes.CDLL(None, use_errno=True)


def limit_processes(first_pid: int, limits: Limits, uid: int) -> None:
    """Set the limits on a process of the user `uid`, or of the factory's own user where that is not root.

    The calling thread should be one that ends soon: if root runs it, `uid` is its real user and group afterwards.
    Raises OSError.
    """
    if os.geteuid() == 0:
        _take_real_ids(uid)
    for kind, bounds in _bounds(limits):
        resource.prlimit(first_pid, kind, bounds)


def _take_real_ids(uid: int) -> None:
    """Make `uid` the real user and group of this thread alone, whose effective ones stay root's.

    A container's root often lacks CAP_SYS_RESOURCE and may then limit only processes of its own real user.
    """
    for number in _SET_IDS[platform.machine()]:
        if _libc.syscall(number, uid, _UNCHANGED, _UNCHANGED):
            error = ctypes.get_errno()
            raise OSError(error, f"the sandbox cannot take the ids of user {uid}: {os.strerror(error)}")


def _bounds(limits: Limits) -> Iterator[tuple[int, tuple[int, int]]]:
    """(resource, (soft, hard)) of each limit, never above the factory's own."""
    cpu_s = max(1, round(limits.cpu_s))
    most = {
        "fsize": limits.file_mb * MB,
        "data": 2 * limits.memory_mb * MB,
        "nproc": limits.processes + SPARE_PROCESSES,
        "nofile": OPEN_FILES,
        "memlock": 8 * MB,
        "msgqueue": MB,
        "sigpending": 4096,
        "core": 0,
        "rtprio": 0,
        "nice": 0,
        "cpu": cpu_s + 1,
    }
    for name, value in most.items():
        kind = getattr(resource, f"RLIMIT_{name.upper()}")
        _, hard = resource.getrlimit(kind)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        yield kind, (min(cpu_s, bound) if name == "cpu" else bound, bound)
