"""System calls by number, made past the C library, for x86-64 and arm64."""

import ctypes
import os
import platform
from collections.abc import Callable, Iterable
from functools import partial

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
_X86, _ARM = "x86_64", "aarch64"
NUMBERS: dict[str, dict[str, int]] = {
    _X86: {
        "mount": 165, "umount2": 166,
        "clone": 56, "unshare": 272, "setns": 308, "clone3": 435, "ptrace": 101, "process_vm_readv": 310,
        "add_key": 248, "request_key": 249, "keyctl": 250, "io_uring_setup": 425, "bpf": 321, "perf_event_open": 298,
        "userfaultfd": 323, "kexec_load": 246, "init_module": 175, "finit_module": 313, "syslog": 103,
        "name_to_handle_at": 303, "open_by_handle_at": 304, "fanotify_init": 300, "kcmp": 312, "pidfd_open": 434,
        "pidfd_getfd": 438, "memfd_create": 319, "memfd_secret": 447, "shmget": 29, "msgget": 68, "semget": 64,
        "quotactl": 179, "acct": 163, "swapon": 167, "reboot": 169, "sethostname": 170, "setdomainname": 171,
        "settimeofday": 164, "clock_settime": 227, "adjtimex": 159, "move_pages": 279, "mbind": 237, "open_tree": 428,
        "fsopen": 430, "fspick": 433, "mount_setattr": 442, "pivot_root": 155, "personality": 135, "openat2": 437,
        "lookup_dcookie": 212, "iopl": 172, "modify_ldt": 154, "vmsplice": 278, "process_madvise": 440,
    },
    _ARM: {
        "mount": 40, "umount2": 39,
        "clone": 220, "unshare": 97, "setns": 268, "clone3": 435, "ptrace": 117, "process_vm_readv": 270,
        "add_key": 217, "request_key": 218, "keyctl": 219, "io_uring_setup": 425, "bpf": 280, "perf_event_open": 241,
        "userfaultfd": 282, "kexec_load": 104, "init_module": 105, "finit_module": 273, "syslog": 116,
        "name_to_handle_at": 264, "open_by_handle_at": 265, "fanotify_init": 262, "kcmp": 272, "pidfd_open": 434,
        "pidfd_getfd": 438, "memfd_create": 279, "memfd_secret": 447, "shmget": 194, "msgget": 186, "semget": 190,
        "quotactl": 60, "acct": 89, "swapon": 224, "reboot": 142, "sethostname": 161, "setdomainname": 162,
        "settimeofday": 170, "clock_settime": 112, "adjtimex": 171, "move_pages": 239, "mbind": 235, "open_tree": 428,
        "fsopen": 430, "fspick": 433, "mount_setattr": 442, "pivot_root": 41, "personality": 92, "openat2": 437,
        "lookup_dcookie": 18, "vmsplice": 75, "process_madvise": 440,
    },
}  # fmt: skip
MACHINE = platform.machine()


def done(function: Callable[..., object], *arguments: object) -> Callable[[], object]:
    """An attempt that got out if the function raises nothing, whatever it returns."""
    return partial(_done, function, arguments)


def _done(function: Callable[..., object], arguments: Iterable[object]) -> str:
    return f"done: {function(*arguments)}"


def known(name: str) -> bool:
    """True if this machine has a call of that name."""
    return name in NUMBERS[MACHINE]


def call(name: str, *arguments: object) -> int:
    """Make a system call; raises OSError with its error."""
    return by_number(NUMBERS[MACHINE][name], *arguments)


def by_number(number: int, *arguments: object) -> int:
    """Make the system call of that number; raises OSError with its error."""
    given = (ctypes.c_long(one) if isinstance(one, int) else one for one in arguments)
    result = int(libc.syscall(ctypes.c_long(number), *given))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result
