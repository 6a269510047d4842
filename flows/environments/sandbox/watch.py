"""Watches a running command: takes its output, and ends it at the first limit that it reaches.

Samples are frequent while a command is young or its memory grows, and rare while it only computes, so that watching
costs about one part in two hundred of a core.
"""

import os
import selectors
import time
from pathlib import Path

from flows.environments.sandbox.command import MB, Limits
from flows.environments.sandbox.output import HeadAndTail
from flows.environments.sandbox.start import Running
from flows.environments.sandbox.tree import Size, measure
from flows.environments.sandbox.usage import MAX_MEMORY_FILES, Usage

FIRST_S, SHORT_S, LONG_S = 0.02, 0.02, 0.1
READ = 1 << 18
ENDLESS = 4
"""A command that writes this many times the output that is kept is ended."""
LEAST_FREE = 0.04
"""Share of the machine's memory: below it, running commands are ended so that the machine stays usable."""


class Watch:
    """One command's limits. `writable` are its folders on the host with their sizes before it began."""

    def __init__(self, running: Running, limits: Limits, writable: dict[Path, Size]) -> None:
        self.limit: str | None = None
        """The limit that the command reached."""
        self.ended = False
        """True if it was ended for that."""
        self.kept = HeadAndTail(limits.output_mb * MB)
        self.usage = Usage(running.first_pid)
        self._running, self._limits, self._writable = running, limits, writable
        self._free = {folder: _free_bytes(folder) for folder in writable}
        self._memory = 0

    def follow(self) -> None:
        """Return when no process of the command is left."""
        start = time.monotonic()
        due = start + FIRST_S
        os.set_blocking(self._running.output, False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._running.handle, selectors.EVENT_READ)
            selector.register(self._running.output, selectors.EVENT_READ)
            while True:
                ready = {key.fd for key, _ in selector.select(max(0.0, due - time.monotonic()))}
                if self._running.output in ready and not self._read():
                    selector.unregister(self._running.output)
                if self._running.handle in ready:
                    break
                if time.monotonic() >= due:
                    due = time.monotonic() + self._check(time.monotonic() - start)
        while self._read():
            pass

    def _read(self) -> bool:
        """Take new output; False if there is nothing now, or never again."""
        try:
            data = os.read(self._running.output, READ)
        except BlockingIOError:
            return False
        self.kept.add(data)
        if self.kept.was_cut:
            self.limit = self.limit or "output"
            if self.kept.n_bytes > ENDLESS * self._limits.output_mb * MB:
                self._end("output")
        return bool(data)

    def _end(self, limit: str) -> None:
        if not self.ended:
            self.limit, self.ended = limit, True
        self._running.kill()

    def _check(self, seconds: float) -> float:
        """Compare all that is used with the limits; returns the seconds until the next check."""
        limits, usage, before = self._limits, self.usage, self._memory
        usage.sample()
        self._memory = usage.memory(enough=limits.memory_mb * MB)
        if seconds > limits.wall_s:
            self._end("wall")
        elif usage.cpu_s > limits.cpu_s:
            self._end("cpu")
        elif self._memory > limits.memory_mb * MB or usage.n_memory_files() > MAX_MEMORY_FILES or _memory_is_short():
            self._end("memory")
        elif usage.n_threads > limits.processes:
            self._end("processes")
        elif self._disk_is_full():
            self._end("disk")
        growing = self._memory - before > limits.memory_mb * MB // 32
        next_s = SHORT_S if growing or seconds < 10 * SHORT_S else LONG_S
        return max(0.0, min(next_s, limits.wall_s - seconds))

    def _disk_is_full(self) -> bool:
        """Measure a folder only when its disk lost an eighth of the limit since it was measured last."""
        for folder, free in self._free.items():
            now = _free_bytes(folder)
            if free - now > self._limits.disk_mb * MB // 8:
                self._free[folder] = now
                if self._grew(folder):
                    return True
        return False

    def _grew(self, folder: Path) -> bool:
        """True if a writable folder grew by more than the limit."""
        size = measure(folder)
        deleted = self.usage.deleted_bytes(folder.stat().st_dev)
        grown = size.n_bytes + deleted - self._writable[folder].n_bytes
        return size.too_deep or grown > self._limits.disk_mb * MB


def _free_bytes(folder: Path) -> int:
    """Free bytes on the folder's disk; a free file counts, too, since small files use up files first."""
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize + found.f_favail * 4096


def _memory_is_short() -> bool:
    with open("/proc/meminfo", "rb") as file:  # noqa: PTH123 - twice a Path's speed, every few milliseconds
        lines = file.read(200).split(b"\n")
    figures = {line.split()[0]: int(line.split()[1]) for line in lines if line.endswith(b"kB")}
    return figures[b"MemAvailable:"] < LEAST_FREE * figures[b"MemTotal:"]
