"""Writes files whole: to a temporary name first, flushed to the disk, then renamed or put in a bucket.

A writer that is killed leaves the file or nothing, and a reader never opens half of one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import get_ident

from warehouse.lake_errors import REPAIR_HINT, LakeDamaged, LakeError
from warehouse.objects import ObjectPath, uploading


def sync(path: Path) -> None:
    """Flush a file, or the names in a directory, to the disk (fsync); raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path of this machine, whose file replaces `path` at the end of the block.

    Raises LakeError if the disk or the store refuses, and LakeDamaged if a folder has the name.
    """
    if isinstance(path, ObjectPath):
        with uploading(path) as local:
            yield local
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{get_ident()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        sync(temporary)
        temporary.replace(path)
        sync(path.parent)
    except IsADirectoryError as error:
        raise LakeDamaged(f"{path} cannot be written: a folder has its name. {REPAIR_HINT}") from error
    except OSError as error:
        raise LakeError(f"cannot write {path}: {error}. Free space or fix permissions, then run again.") from error
    finally:
        with suppress(OSError):
            temporary.unlink()
