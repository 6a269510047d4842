"""What a block of a benchmark took: wall seconds, and CPU seconds of this process and of its ended children."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class Watch:
    """Wall seconds and CPU seconds (user and system) of a block."""

    wall: float = 0.0
    cpu: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        wall, cpu = time.perf_counter(), cpu_seconds()
        yield
        self.wall, self.cpu = time.perf_counter() - wall, cpu_seconds() - cpu


def cpu_seconds() -> float:
    """CPU seconds of this process, all its threads, and those children that have ended."""
    return own_cpu_seconds() + _seconds(resource.RUSAGE_CHILDREN)


def own_cpu_seconds() -> float:
    """CPU seconds of this process and all its threads."""
    return _seconds(resource.RUSAGE_SELF)


def _seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime
