"""Cores for sandboxed commands: at most `n` run at once in a process, and the others wait in the order of arrival."""

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache


class Slots:
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
        """Commands that wait for a slot now."""
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


@cache
def shared_slots(n: int) -> Slots:
    """The slots of this process: every sandbox with the same number of cores shares them."""
    return Slots(n)
