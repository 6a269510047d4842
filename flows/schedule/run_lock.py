"""The run lock: at most one run per home, since the frontier and the journal have a single writer each.

Readers need no lock. The lock is an flock on an open file, so the kernel releases it when a run is killed. A run that
Prefect starts for one home in the folder of another is refused before it takes the lock.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class RunLocked(Exception):
    """Another process runs in this home; the message names the process and the next step."""


class WrongHome(Exception):
    """A run was started in the folder of another home; the message names both homes and the next step."""


def refuse_other_home(home: Path, wanted: str) -> None:
    """Raise WrongHome if `wanted`, the home that a run is for, is not `home`, the one of the present settings."""
    here = home.resolve()
    if Path(wanted).resolve() != here:
        raise WrongHome(
            f"this run is for the home {wanted}, but the settings of {Path.cwd()} name {here}; nothing was run. Start "
            f"`factory serve` or the worker (its `working_dir`) in the folder with the factory.toml of {wanted}."
        )


@contextmanager
def run_lock(state: Path) -> Iterator[None]:
    """Hold the run lock of a home's state folder; raises RunLocked at once if another process holds it."""
    remedy = "Wait for it or stop it, then run again; `factory status` shows how far it is."
    with _lock(state / "run.lock", "is running the factory", remedy):
        yield


@contextmanager
def serve_lock(state: Path) -> Iterator[None]:
    """Hold the lock of `factory serve`: two of one home would start each night twice. Raises RunLocked."""
    with _lock(state / "serve.lock", "serves the nights", "Stop it first, or leave the nights to it."):
        yield


@contextmanager
def _lock(file: Path, doing: str, remedy: str) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8", errors="replace") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise RunLocked(f"process {holder} {doing} in {file.parent.parent.absolute()}. {remedy}") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
