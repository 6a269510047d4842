"""Starts a server as a child process that cannot outlive its parent, however the parent ends.

Between parent and server runs a guard: this module as a program, in a process group of its own. The guard reads a
pipe that the parent holds open. When the parent returns, crashes or is killed, the pipe closes and the guard ends
the whole group, the server's own children included.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

GRACE_S = 10.0
"""Seconds between SIGTERM and SIGKILL for the server."""
ORPHANS_S = 0.2
"""Seconds between SIGTERM and SIGKILL for processes that a server left behind."""


def guarded(command: Sequence[str]) -> list[str]:
    """The command under a guard. Start it in a new session, with a pipe as standard input; closing the pipe ends it."""
    return [sys.executable, "-m", "flows.process_guard", *command]


def free_port() -> int:
    """A free TCP port on the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def guard(command: Sequence[str]) -> None:
    """Run the command until it ends or standard input closes, then end the whole process group, this process too."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    child.wait()
    os.killpg(0, signal.SIGTERM)
    time.sleep(ORPHANS_S)
    os.killpg(0, signal.SIGKILL)


def _end_with_the_parent() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    guard(sys.argv[1:])
