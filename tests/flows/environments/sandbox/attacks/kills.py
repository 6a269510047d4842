"""Kills a factory at random moments, half of them while its command runs, and lists the processes and mounts left.

This program takes over orphans, so whatever a killed factory leaves behind becomes its child.
"""

import ctypes
import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

from flows.environments.sandbox import Command, Sandbox, remove
from tests.flows.environments.sandbox.attacks.make import bare_sandbox

SUBREAPER = 36
LONGEST_S, PATIENCE_S = 0.06, 20.0
SCRIPT = "(sh -c 'while :; do :; done' &); setsid sleep 1000 & sleep 1000"


def main(images: Path, n_kills: int) -> None:
    """Print {"left": processes that outlived a kill, "mounts": true if the mounts are the same, "ran": commands}."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    sandbox, chance = bare_sandbox(images), random.Random(7)
    before, left, folder = _mounts(), list[str](), Path(tempfile.mkdtemp(prefix="kills-"))
    for number in range(n_kills):
        factory = _factory(sandbox, folder)
        while number % 2 and len(list(folder.glob("*/ran"))) <= number // 2:
            time.sleep(0.002)
        time.sleep(chance.uniform(0, LONGEST_S))
        os.kill(factory, signal.SIGKILL)
        left += _left()
    ran = len(list(folder.glob("*/ran")))
    remove(folder)
    print(json.dumps({"left": left, "mounts": _mounts() == before, "ran": ran}))


def _factory(sandbox: Sandbox, folder: Path) -> int:
    workspace = Path(tempfile.mkdtemp(dir=folder))
    if pid := os.fork():
        return pid
    sandbox.run(Command(("sh", "-c", f"touch ran; {SCRIPT}"), workspace))
    os._exit(0)


def _left() -> list[str]:
    """Processes that are not gone after some patience, once the dead ones are collected."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return []
        if not pid:
            time.sleep(0.002)
    return [path.read_text() for path in Path("/proc/self/task").glob("*/children")]


def _mounts() -> str:
    return Path("/proc/self/mounts").read_text()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
