"""A server of our own as a child process that never outlives us, however we end.

Between us and the server stands a guard: this module run as a program, in a process group of its own. It
holds the other end of a pipe; when we end, by return, crash or SIGKILL, the pipe closes and the guard ends
the whole group, so the server's own children too.
"""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from flows.rollout.engine import TeacherError

GRACE_S = 10.0
"""How long a server may take to end by itself."""
ORPHANS_S = 0.2
"""How long what a server left behind may take to end."""
START_S = 3600.0
"""Longest start: large models load slowly from network disks."""
TAIL_CHARS = 2_000


@asynccontextmanager
async def server(
    command: Sequence[str], url: str, log: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[str]:
    """Run the command until the block ends, entered once `url`/health answers; its output goes to `log`.

    Raises TeacherError with the log's tail when the server ends or does not answer within START_S.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    guarded = [sys.executable, "-m", "flows.rollout.child", *command]
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *guarded,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    try:
        await _healthy(process, url, log)
        yield url
    finally:
        await _end(process)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def tail(log: Path) -> str:
    """The last lines of a log."""
    return log.read_bytes()[-TAIL_CHARS:].decode("utf-8", "replace").strip() if log.exists() else ""


async def _healthy(process: asyncio.subprocess.Process, url: str, log: Path) -> None:
    deadline = time.monotonic() + START_S
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while time.monotonic() < deadline:
            if process.returncode is not None:
                raise TeacherError(f"the teacher's server ended while it started; its log {log} ends:\n{tail(log)}")
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(f"{url}/health") as answer:
                    if answer.status == 200:
                        return
            await asyncio.sleep(0.2)
    raise TeacherError(f"the teacher's server did not answer {url}/health in {START_S:.0f} s; see {log}")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin:
        process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), GRACE_S + 5)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def guard(command: Sequence[str]) -> None:
    """Run the command until it ends or standard input closes; then end all of our process group, us too."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_when_alone, daemon=True).start()
    child.wait()
    os.killpg(0, signal.SIGTERM)
    time.sleep(ORPHANS_S)
    os.killpg(0, signal.SIGKILL)


def _end_when_alone() -> None:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    guard(sys.argv[1:])
