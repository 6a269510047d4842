"""The types of the sandbox: a command with its mounts and limits, and the record of how it ended.

A limit that ends a command is a result of the command, never an error of the sandbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MB = 1 << 20


class SandboxFault(Exception):
    """The sandbox itself failed, or cannot work on this machine; the command was not run to an end of its own."""


@dataclass(frozen=True)
class Limits:
    """Limits of one command, over all its processes together unless a field names one."""

    wall_s: float = 120
    """Seconds from its start; waiting for a core does not count."""
    cpu_s: float = 120
    memory_mb: int = 2048
    """Memory of all processes, and of the files in /tmp and /dev/shm."""
    processes: int = 256
    """Processes and threads at any time."""
    file_mb: int = 256
    """Size of any one file."""
    disk_mb: int = 1024
    """Growth of each writable folder; every new file or folder counts 4 KiB at least."""
    output_mb: int = 50
    """Output that is kept, head and tail; a command that writes four times as much is ended."""


@dataclass(frozen=True)
class Mount:
    """A file or folder of the host that the command sees at `target`, an absolute path."""

    source: Path
    """Made absolute at once, since the thread that starts a sandbox has no working directory of its own."""
    target: str
    writable: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", self.source.absolute())


@dataclass(frozen=True)
class Command:
    """A program with its arguments; `workspace` is mounted writable at /workspace, its working directory."""

    argv: tuple[str, ...]
    workspace: Path
    mounts: tuple[Mount, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables beside those of the image."""
    stdin: bytes = b""
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        object.__setattr__(self, "workspace", self.workspace.absolute())


@dataclass(frozen=True)
class Completed:
    """The end of a command; no process of it is left."""

    exit_code: int | None
    """None if a limit ended it; 128 and more: the number of a signal is added."""
    output: bytes
    """Standard output and standard error in the order of writing; of a long output its head and tail."""
    limit: str | None
    """The limit that it reached: wall, cpu, memory, processes, disk, file or output."""
    seconds: float
    """Seconds that it ran, without the wait for a core."""
    cpu_s: float
    queued_s: float
    """Seconds that it waited for a core."""
    n_output_bytes: int
    """Bytes that it wrote, kept or not."""
