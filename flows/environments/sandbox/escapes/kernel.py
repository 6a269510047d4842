"""Attempts on interfaces of the kernel: namespaces, keys, tracing, foreign ABIs, memory that no process shows."""

import ctypes
import errno
import mmap
import os
from collections.abc import Callable, Iterator
from functools import partial

from flows.environments.sandbox.escapes.calls import MACHINE, by_number, call, done, known

NEW = {"user": 0x10000000, "mount": 0x20000, "process": 0x20000000, "network": 0x40000000, "time": 0x80}
SIGNAL = 0xFF
"""Bits of a clone() that are no flags."""
REACHED = (errno.EFAULT, errno.EINVAL, errno.EBADF, errno.ESRCH, errno.ENOKEY, errno.ENOENT)
"""Errors of a call that the kernel began to work on."""
BLOCK = ctypes.create_string_buffer(256)
CALLS: dict[str, tuple[object, ...]] = {
    "ptrace": (0, 0, 0, 0), "process_vm_readv": (1, BLOCK, 1, BLOCK, 1, 0), "add_key": (b"user", b"a", b"b", 1, -2),
    "request_key": (b"user", b"a", None, -2), "keyctl": (0, -3, 1), "io_uring_setup": (4, BLOCK),
    "bpf": (0, BLOCK, 72), "perf_event_open": (BLOCK, 0, -1, -1, 0), "userfaultfd": (1,), "kexec_load": (0, 0, None, 0),
    "init_module": (BLOCK, 8, b""), "finit_module": (0, b"", 0), "syslog": (3, BLOCK, 64),
    "name_to_handle_at": (-100, b"/", BLOCK, BLOCK, 0), "open_by_handle_at": (0, BLOCK, 0), "fanotify_init": (0, 0),
    "kcmp": (1, 1, 0, 0, 0), "pidfd_getfd": (0, 0, 0), "memfd_create": (b"a", 0), "memfd_secret": (0,),
    "shmget": (0, 4096, 0o1600), "msgget": (0, 0o1600), "semget": (0, 1, 0o1600),
    "quotactl": (0x800007, b"/", 0, BLOCK), "acct": (b"/workspace/acct",), "swapon": (b"/workspace/swap", 0),
    "reboot": (0xFEE1DEAD, 672274793, 0, None),
    "sethostname": (b"free", 4), "setdomainname": (b"free", 4), "settimeofday": (BLOCK, None),
    "clock_settime": (0, BLOCK), "adjtimex": (BLOCK,), "move_pages": (1, 0, None, None, None, 0),
    "mbind": (0, 0, 0, None, 0, 0), "open_tree": (-100, b"/", 1), "fsopen": (b"tmpfs", 0), "fspick": (-100, b"/", 0),
    "mount_setattr": (-100, b"/", 0, BLOCK, 32), "pivot_root": (b"/tmp", b"/tmp"), "openat2": (-100, b"/", BLOCK, 24),
    "lookup_dcookie": (0, BLOCK, 64), "iopl": (3,), "modify_ldt": (0, BLOCK, 16), "vmsplice": (1, BLOCK, 0, 0),
    "process_madvise": (0, BLOCK, 1, 20, 0), "clone3": (BLOCK, 88), "personality": (0x0400008,),
}  # fmt: skip
INT_80 = bytes.fromhex("b814000000cd80c3")
"""x86: getpid of the 32-bit ABI."""


def attempts() -> Iterator[tuple[str, Callable[[], object]]]:
    """(name, attempt) of each."""
    for name, arguments in CALLS.items():
        if known(name):
            yield f"call {name}", partial(_reached, name, arguments)
    for name, flag in NEW.items():
        yield f"unshare a {name} namespace", done(call, "unshare", flag)
        if flag & ~SIGNAL:
            yield f"clone into a {name} namespace", partial(_cloned, flag)
    for name in ("user", "mnt", "pid", "net"):
        yield f"join the {name} namespace of process 1", partial(_joined, name)
    for number in (451, 457, 462, 467, 1000):
        yield f"call number {number}", partial(_exists, number)
    if MACHINE == "x86_64":
        yield "call of the x32 ABI", lambda: _exists(0x40000000 + 39)
        yield "call of the 32-bit ABI", _int_80


def _reached(name: str, arguments: tuple[object, ...]) -> object:
    """The result of a call, or its error if that shows that the kernel worked on it."""
    try:
        return f"returned {call(name, *arguments)}"
    except OSError as error:
        if error.errno in REACHED:
            return f"reached the kernel: {error}"
        raise


def _cloned(flag: int) -> object:
    pid = call("clone", flag | 17, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    return f"made process {pid}"


def _joined(name: str) -> object:
    return _reached("setns", (os.open(f"/proc/1/ns/{name}", os.O_RDONLY), 0))


def _exists(number: int) -> object:
    try:
        return f"returned {by_number(number, 0, 0, 0, 0, 0)}"
    except OSError as error:
        if error.errno == errno.ENOSYS:
            raise
        return f"exists: {error}"


def _int_80() -> object:
    code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    code.write(INT_80)
    address = ctypes.addressof(ctypes.c_char.from_buffer(code))
    result = ctypes.CFUNCTYPE(ctypes.c_int)(address)()
    return f"returned {result}" if result >= 0 else None
