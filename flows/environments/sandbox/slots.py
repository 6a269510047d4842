"""Cores for sandboxed commands: at most `n` run at once in a process, and the others wait in the order of arrival.

Half of a sandbox's start is waiting for the kernel. So the next commands are made ready, up to their first instruction,
while the cores work on others.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

AHEAD = 2
"""Sandboxes for each core: one whose command runs, one that is ready for the next."""


class Queue:
    """A fair queue for `n` slots."""

    def __init__(self, n: int) -> None:
        self.n = n
        self._free, self._lock = n, threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def slot(self) -> Iterator[float]:
        """Hold a slot; yields the seconds of waiting for it."""
        start = time.monotonic()
        if turn := self._line_up():
            self._wait(turn)
        try:
            yield time.monotonic() - start
        finally:
            self._release()

    @property
    def waiting(self) -> int:
        """Callers that wait for a slot now."""
        return len(self._waiting)

    def _line_up(self) -> threading.Event | None:
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
                return None
            turn = threading.Event()
            self._waiting.append(turn)
            return turn

    def _wait(self, turn: threading.Event) -> None:
        try:
            turn.wait()
        except BaseException:
            self._leave(turn)
            raise

    def _leave(self, turn: threading.Event) -> None:
        with self._lock:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return
        self._release()

    def _release(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class Slots(Queue):
    """Cores for commands, and places in which their sandboxes are made ready."""

    def __init__(self, n: int) -> None:
        super().__init__(n)
        self.places = Queue(AHEAD * n)


@cache
def shared_slots(n: int) -> Slots:
    """The slots of this process: every sandbox with the same number of cores shares them."""
    return Slots(n)
