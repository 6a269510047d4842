"""Makes a stop by SIGTERM, as systemd sends it, end like Ctrl-C, and ends a process whose parent is gone.

SIGTERM is passed on as SIGINT, which asyncio turns into an orderly end of its tasks.
"""

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

POLL_S = 0.5


class Sigterm:
    """Handles SIGTERM by a KeyboardInterrupt in the main thread, once."""

    def __init__(self) -> None:
        self.received = False
        self.blocks = 0
        """Blocks of `sigterm_as_interrupt` that are open."""

    def __call__(self, number: int, frame: object) -> None:
        if not self.received:
            self.received = True
            signal.raise_signal(signal.SIGINT)


HANDLER = Sigterm()


@contextmanager
def sigterm_as_interrupt() -> Iterator[Sigterm]:
    """Handle SIGTERM as Ctrl-C inside the block; blocks inside each other share the handler that is yielded.

    Has no effect in other threads than the main one, which receive no signals. A process that a script started in the
    background ignores SIGINT; the block ends that, since asyncio then handles the signal in order.
    """
    if threading.current_thread() is not threading.main_thread():
        yield HANDLER
        return
    HANDLER.received = HANDLER.received and HANDLER.blocks > 0
    HANDLER.blocks += 1
    before = signal.signal(signal.SIGTERM, HANDLER)  # Prefect sets a handler of its own around a flow
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield HANDLER
    finally:
        HANDLER.blocks -= 1
        signal.signal(signal.SIGTERM, before)


def end_with_parent(grace_s: float) -> None:
    """Send this process SIGTERM when its parent ends, however the parent ends, and SIGKILL `grace_s` seconds later."""
    threading.Thread(target=_watch, args=(os.getppid(), grace_s), daemon=True).start()


def silence_teardown() -> None:
    """Drop what this process prints to standard error after its last line of Python.

    Prefect's threads hold references to DuckDB objects until the end, and DuckDB's binding reports them as leaks.
    """
    atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno()))


def _watch(parent: int, grace_s: float) -> None:
    while os.getppid() == parent:
        time.sleep(POLL_S)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_s)
    os.kill(os.getpid(), signal.SIGKILL)
