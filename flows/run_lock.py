"""The run lock: at most one run per home, since the frontier and the journal have a single writer each.

Readers need no lock. The lock is an flock on an open file, so the kernel releases it when a run is killed.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class RunLocked(Exception):
    """Another process runs in this home; the message names the process and the next step."""


@contextmanager
def run_lock(state: Path) -> Iterator[None]:
    """Hold the run lock of a home's state folder; raises RunLocked at once if another process holds it."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise RunLocked(
                f"process {holder} is running the factory in {state.parent.absolute()}. "
                "Wait for it or stop it, then run again; `factory status` shows how far it is."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
