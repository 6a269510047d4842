"""The folder that a release or an export is built in: empty at the start, locked to one process, removed at the end."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.publish.errors import PublishRunning, writing


@contextmanager
def work_folder(folder: Path) -> Iterator[Path]:
    """Yield `folder`, created empty; files of a killed process are removed first, all files afterwards.

    The lock is on the parent folder. Raises PublishRunning while another process holds it, StoreError if the
    folder cannot be made.
    """
    with _locked(folder.parent):
        shutil.rmtree(folder, ignore_errors=True)
        with writing(folder.parent):
            folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(parent: Path) -> Iterator[None]:
    with writing(parent):
        parent.mkdir(parents=True, exist_ok=True)
        held = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PublishRunning(f"another process publishes to {parent}: wait until it ends.") from error
        yield
    finally:
        os.close(held)
