"""Finds the process that holds a TCP port, so that an error about a taken port can name it."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LISTENING = "0A"
PROC = Path("/proc")
COMMAND_CHARS = 200


class PortTaken(Exception):
    """Another process listens on the port; the message names it and the next step."""


def require_free_port(host: str, port: int) -> None:
    """Raise PortTaken, which names the process that holds the port where /proc shows it, if it cannot be bound."""
    try:
        _bind(host, port)
    except OSError as error:
        holder = _holder(port) or f"another process ({error.strerror or error})"
        raise PortTaken(
            f"cannot listen on {host}, port {port}: it is held by {holder}. Stop that process, or choose another port "
            "with --port."
        ) from error


def _bind(host: str, port: int) -> None:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def _holder(port: int) -> str | None:
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    for folder in PROC.glob("[0-9]*") if inodes else ():
        with suppress(OSError):
            if any(str(file.readlink()) in inodes for file in (folder / "fd").iterdir()):
                words = (folder / "cmdline").read_bytes().decode(errors="replace").split("\0")
                return f"process {folder.name} ({' '.join(words).strip()[:COMMAND_CHARS]})"
    return None


def _listening(port: int) -> Iterator[str]:
    """Inodes of the sockets that listen on the port."""
    for table in (PROC / "net/tcp", PROC / "net/tcp6"):
        with suppress(OSError):
            for line in table.read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                    yield columns[9]
