"""Measures, from outside, the resources that all processes of a running sandbox use together.

The sandbox's own /proc lists its processes and no others, and is read through the root of its first process. A program
can hide memory from its own figures in files of /tmp and /dev/shm, so those are counted, too.
"""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
MEMORY_FILES = ("tmp", "dev/shm")
MAX_MEMORY_FILES = 50_000
"""Files in memory: each costs about 1 KiB of the kernel's memory beside its content."""


@dataclass(frozen=True)
class Process:
    """One process: resident bytes, CPU seconds of its own, threads."""

    rss: int
    cpu_s: float
    n_threads: int


class Usage:
    """The resources of the sandbox whose first process has this pid on the host."""

    def __init__(self, pid: int) -> None:
        self._root = f"/proc/{pid}/root"
        self._proc = f"{self._root}/proc"
        self._cpu_s: dict[str, float] = {}
        self.processes: dict[str, Process] = {}
        """The processes of the last sample, by their pid in the sandbox."""

    def sample(self) -> None:
        """Read the processes that there are now; those that end meanwhile are left out."""
        found = dict[str, Process]()
        with contextlib.suppress(OSError):
            with os.scandir(self._proc) as entries:
                names = [entry.name for entry in entries if entry.name.isdigit()]
            found = {name: one for name in names if (one := self._process(name))}
        self.processes = found
        for name, one in found.items():
            self._cpu_s[name] = max(one.cpu_s, self._cpu_s.get(name, 0.0))

    @property
    def cpu_s(self) -> float:
        """CPU seconds of all processes that a sample has seen."""
        return sum(self._cpu_s.values())

    @property
    def n_threads(self) -> int:
        """Processes and threads of the last sample, without the first process."""
        return sum(one.n_threads for name, one in self.processes.items() if name != "1")

    def memory(self, enough: int) -> int:
        """Bytes of memory at the last sample; pages that processes share count once if the sum exceeds `enough`."""
        files = self._memory_files()
        upper = files + sum(one.rss for one in self.processes.values())
        return upper if upper <= enough else files + sum(map(self._proportional, self.processes))

    def deleted_bytes(self, device: int) -> int:
        """Bytes on a device in deleted files that processes hold open or mapped, of which no folder knows."""
        found = dict[int, int]()
        for name in self.processes:
            with contextlib.suppress(OSError), os.scandir(f"{self._proc}/{name}/fd") as entries:
                for entry in entries:
                    with contextlib.suppress(OSError):
                        status = entry.stat()
                        if status.st_nlink == 0 and status.st_dev == device:
                            found[status.st_ino] = status.st_blocks * 512
            for inode, n_bytes in self._deleted_mappings(name):
                found.setdefault(inode, n_bytes)
        return sum(found.values())

    def _deleted_mappings(self, name: str) -> Iterator[tuple[int, int]]:
        """(inode, bytes mapped) of the deleted files of the workspace that a process maps."""
        with contextlib.suppress(OSError), Path(self._proc, name, "maps").open("rb") as lines:
            for line in lines:
                if line.endswith(b"(deleted)\n") and b" /workspace/" in line:
                    start, _, end = line.split()[0].partition(b"-")
                    yield int(line.split()[4]), int(end, 16) - int(start, 16)

    def n_memory_files(self) -> int:
        """The number of files in memory."""
        return sum(int(one.f_files - one.f_ffree) for one in self._file_systems())

    def _memory_files(self) -> int:
        return sum(int(one.f_blocks - one.f_bfree) * int(one.f_frsize) for one in self._file_systems())

    def _file_systems(self) -> list[os.statvfs_result]:
        found = list[os.statvfs_result]()
        for place in MEMORY_FILES:
            with contextlib.suppress(OSError):
                found.append(os.statvfs(f"{self._root}/{place}"))
        return found

    def _process(self, name: str) -> Process | None:
        try:
            fields = Path(self._proc, name, "stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return None
        return Process(int(fields[21]) * PAGE, (int(fields[11]) + int(fields[12])) / TICKS, int(fields[17]))

    def _proportional(self, name: str) -> int:
        """Bytes of a process without its part of files in memory; a page of several processes counts in shares."""
        try:
            lines = Path(self._proc, name, "smaps_rollup").read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            return 0
        return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
