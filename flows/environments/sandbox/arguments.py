"""The arguments of bubblewrap for one command: namespaces, mounts, variables.

They travel through a descriptor, so that no process shows them. The root, /dev and /run are read-only; /tmp and
/dev/shm are small and in memory; the workspace is the only writable folder of the host beside writable mounts.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from flows.environments.sandbox.command import MB, Command, Limits, Mount
from flows.environments.sandbox.images.image import Image

WORKSPACE = "/workspace"
STDIN = "/run/stdin"
UID = "1000"
"""User of the command inside; outside it is the factory's own, or `nobody`."""
NAMESPACES = ("--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts")
FIXED = (
    *NAMESPACES, "--unshare-cgroup-try", "--uid", UID, "--gid", UID, "--hostname", "sandbox", "--die-with-parent",
    "--new-session", "--as-pid-1", "--clearenv",
)  # fmt: skip


def mounts_of(image: Image, command: Command) -> tuple[Mount, ...]:
    """All mounts of a command, in the order in which they are made."""
    return (*image.mounts, *command.mounts, Mount(command.workspace, WORKSPACE, writable=True))


def arguments(
    image: Image, command: Command, sources: Sequence[Path], *, seccomp: int, stdin: int | None
) -> Iterator[str]:
    """The options of bwrap before its `--`; `sources` are the paths of `mounts_of`, reachable by its user.

    `seccomp` and `stdin` are open descriptors of the filter and of the command's input.
    """
    yield from FIXED
    yield from ("--seccomp", str(seccomp))
    for name, target in image.links.items():
        yield from ("--symlink", target, name)
    yield from (
        "--proc",
        "/proc",
        "--ro-bind",
        "/dev/null",
        "/proc/1/mem",
        "--ro-bind",
        "/dev/null",
        "/proc/1/task/1/mem",
    )
    yield from ("--dev", "/dev", "--dir", "/run", "--dir", "/var/tmp")  # noqa: S108
    yield from _memory_folders(command.limits)
    for mount, source in zip(mounts_of(image, command), sources, strict=True):
        yield from ("--bind" if mount.writable else "--ro-bind", str(source), mount.target)
    if stdin is not None:
        yield from ("--ro-bind-data", str(stdin), STDIN)
    yield from ("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", WORKSPACE)
    for name, value in _variables(image.environment, command.environment).items():
        yield from ("--setenv", name, value)


def _memory_folders(limits: Limits) -> Iterator[str]:
    memory = limits.memory_mb * MB
    yield from ("--size", str(max(MB, memory // 2)), "--perms", "1777", "--tmpfs", "/tmp")  # noqa: S108
    yield from ("--size", str(max(MB, memory // 4)), "--perms", "1777", "--tmpfs", "/dev/shm")  # noqa: S108


def _variables(image: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    return {**image, **own}


def as_descriptor(name: str, data: bytes) -> int:
    """A descriptor from which a child reads the data, from its start."""
    descriptor = os.memfd_create(name)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor
