"""Starts a server as a child process that cannot outlive its parent, however the parent ends.

Between parent and server runs a guard: this module as a program, in a process group of its own. The guard reads a
pipe that the parent holds open. When the parent returns, crashes or is killed, the pipe closes and the guard ends
the whole group, the server's own children included. A server that reads its standard input gets a relay of that pipe.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import IO

GRACE_S = 10.0
"""Seconds between SIGTERM and SIGKILL for the server."""
ORPHANS_S = 0.2
"""Seconds between SIGTERM and SIGKILL for processes that a server left behind."""
OWN_END_S = 2.0
"""Seconds between the end of a relayed input and SIGTERM."""
RELAY = "--relay-input"
CHUNK = 1 << 16


def guarded(command: Sequence[str], *, relay: bool = False) -> list[str]:
    """The command under a guard. Start it in a new session, with a pipe as standard input; closing the pipe ends it.

    With `relay` the command reads that pipe as its own standard input, and has some time to end by itself.
    """
    return [sys.executable, "-I", __file__, *([RELAY] if relay else []), *command]


def free_port() -> int:
    """A free TCP port on the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def guard(command: Sequence[str]) -> None:
    """Run the command until it ends or standard input closes, then end the whole process group, this process too."""
    relay = command[0] == RELAY
    signal.signal(signal.SIGTERM, lambda *_: None)
    child = subprocess.Popen(command[relay:], stdin=subprocess.PIPE if relay else subprocess.DEVNULL)
    threading.Thread(target=_end_with_the_parent, args=(child.stdin,), daemon=True).start()
    child.wait()
    os.killpg(0, signal.SIGTERM)
    time.sleep(ORPHANS_S)
    os.killpg(0, signal.SIGKILL)


def _end_with_the_parent(relayed: IO[bytes] | None) -> None:
    if relayed:
        _relay(relayed)
        time.sleep(OWN_END_S)
    else:
        sys.stdin.buffer.read()
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(0, signal.SIGKILL)


def _relay(server: IO[bytes]) -> None:
    """Pass standard input on until either side closes."""
    with contextlib.suppress(OSError):
        while chunk := os.read(sys.stdin.fileno(), CHUNK):
            server.write(chunk)
            server.flush()
    with contextlib.suppress(OSError):
        server.close()


if __name__ == "__main__":
    guard(sys.argv[1:])
