"""Measures wall and CPU seconds of a block of a benchmark, and the CPU that other processes took meanwhile."""

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil


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
    """CPU seconds of this process, all its threads, and its children that have ended."""
    return own_cpu_seconds() + _seconds(resource.RUSAGE_CHILDREN)


def own_cpu_seconds() -> float:
    """CPU seconds of this process and all its threads."""
    return _seconds(resource.RUSAGE_SELF)


def _seconds(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


@dataclass
class Others:
    """The share of the machine's CPU that other processes take, not counting this one and its children.

    It counts from the moment when the object is made. A ratio of two wall times means little where other processes
    took much of one and little of the other.
    """

    begun: float = field(default_factory=time.perf_counter)
    busy: float = field(default_factory=lambda: _busy() - _tree())

    def share(self) -> float:
        """The share until now, 0 to 1."""
        seconds = (time.perf_counter() - self.begun) * (psutil.cpu_count() or 1)
        return max(0.0, (_busy() - _tree() - self.busy) / seconds)


def _busy() -> float:
    """CPU seconds of the whole machine."""
    times = psutil.cpu_times()
    return float(times.user + times.nice + times.system + times.softirq)


def _tree() -> float:
    """CPU seconds of this process and all its children, running and ended."""
    running = 0.0
    for child in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            times = child.cpu_times()
            running += times.user + times.system + times.children_user + times.children_system
    return cpu_seconds() + running
