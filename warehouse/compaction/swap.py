"""Exchanges two folders in one step, so that who lists one of them sees all of its old files or all of its new ones.

Linux has `renameat2` with RENAME_EXCHANGE for this. A system or file system without it gets two renames, between which
the folder is missing for an instant.
"""

import ctypes
import errno
import os
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from warehouse.lake import sync

AT_FDCWD = -100
RENAME_EXCHANGE = 2
UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)


def swap_folders(one: Path, other: Path) -> None:
    """Give each of the two folders the other's place; raises OSError."""
    if not _exchange(one, other):
        aside = other.with_name(f"{other.name}.aside")
        one.rename(aside)
        other.rename(one)
        aside.rename(other)
    for parent in {one.parent, other.parent}:
        sync(parent)


def _exchange(one: Path, other: Path) -> bool:
    """True if the system exchanged the two paths; False if it cannot exchange paths at all."""
    call = _renameat2()
    if call is None:
        return False
    if call(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), str(one), None, str(other))


@cache
def _renameat2() -> Any:
    """The function of the C library, or None."""
    with suppress(OSError, AttributeError):
        call = ctypes.CDLL(None, use_errno=True).renameat2
        call.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)
        return call
    return None
