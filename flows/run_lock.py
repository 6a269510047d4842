"""One run at a time in one home: the frontier and the journal have one writer each.

Readers need no lock. The lock is the kernel's, on an open file, so a killed run never leaves it behind.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class RunUnderWay(Exception):
    """Another run holds this home; says which process, and what to do."""


@contextmanager
def exclusive(state: Path) -> Iterator[None]:
    """Hold the home for one run; raises RunUnderWay at once when another process holds it."""
    state.mkdir(parents=True, exist_ok=True)
    with (state / "run.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise RunUnderWay(
                f"process {holder} is running the factory in {state.parent.absolute()}. "
                "Wait for it or stop it, then run again; `factory status` shows how far it is."
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
