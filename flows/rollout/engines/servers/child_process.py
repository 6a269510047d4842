"""Runs a server as a child process, restarts it when it crashes, and ends it with this process.

The server runs under the guard of `flows.process_guard`, so that it ends with its children even after a SIGKILL
of this process. Its output goes to a log file whose last lines are part of every error.
"""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from flows.process_guard import GRACE_S, guarded
from flows.rollout.protocol import TeacherError

LOG = logging.getLogger(__name__)
START_S = 3600.0
"""Seconds that a start may take: large models load slowly from network disks."""
HOUR_S = 3600.0
RESTART_DELAY_S = 5.0
"""Seconds between a failed start and the next: the memory of a GPU is not free at once."""
TAIL_BYTES, LINE_CHARS = 2_000, 100

OnProgress = Callable[[str], None]
"""Receives a line about the progress of a start, several times per second."""


def ignore_progress(note: str) -> None:
    """An OnProgress that drops the line."""


class ServerProcess:
    """A server that runs `command` and answers `url`/health. It may die `restarts` times per hour."""

    def __init__(
        self, command: Sequence[str], url: str, log: Path, environment: Mapping[str, str] | None = None,
        restarts: int = 0,
    ) -> None:  # fmt: skip
        self.url = url
        self.starts = 0
        self.failure: TeacherError | None = None
        self._command = guarded(command)
        self._log = log
        self._environment = {**os.environ, **(environment or {})}
        self._restarts = restarts
        self._process: asyncio.subprocess.Process | None = None
        self._ready = False

    async def start(self, on_progress: OnProgress = ignore_progress) -> None:
        """Start the server and wait until /health answers 200.

        Raises TeacherError with the last lines of the log when the server ends first or START_S pass.
        """
        self.starts += 1
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as output:
            output.write(f"--- start {self.starts}, {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC\n".encode())
            output.flush()
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=self._environment,
            )
        await self._wait_until_healthy(self._process, on_progress)
        self._ready = True

    async def supervise(self) -> None:
        """Restart the server each time that it dies; return with `failure` set after too many deaths in an hour."""
        deaths: deque[float] = deque()
        while True:
            await self._wait_until_dead()
            start_failed, self._ready, now = not self._ready, False, time.monotonic()
            while deaths and now - deaths[0] > HOUR_S:
                deaths.popleft()
            if len(deaths) >= self._restarts:
                self.failure = self._too_many_deaths(len(deaths) + 1)
                return
            deaths.append(now)
            LOG.warning("the teacher's server %s died and is restarted; its log is %s", self.url, self._log)
            await asyncio.sleep(RESTART_DELAY_S if start_failed else 0)
            with contextlib.suppress(TeacherError):
                await self.start()

    def restart(self) -> None:
        """Kill a server that hangs; `supervise` then restarts it. Does nothing while the server starts."""
        if self._ready and self._process and self._process.returncode is None:
            LOG.warning("the teacher's server %s hangs and is killed", self.url)
            self._kill()

    async def stop(self) -> None:
        """End the server and every process that it started."""
        if self._process is None:
            return
        if self._process.stdin:
            self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), GRACE_S + 5)
        self._kill()
        await self._process.wait()

    def _too_many_deaths(self, deaths: int) -> TeacherError:
        times = "once" if deaths == 1 else f"{deaths} times"
        reason = f"the teacher's server died {times} within an hour (teacher.restarts = {self._restarts})"
        return TeacherError(f"{reason}; its log {self._log} ends:\n{tail(self._log)}")

    async def _wait_until_dead(self) -> None:
        """Wait for the end of the guard, then kill its group: a guard that was killed leaves the server behind."""
        if self._process:
            await self._process.wait()
            self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._process:
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _wait_until_healthy(self, process: asyncio.subprocess.Process, on_progress: OnProgress) -> None:
        begun = time.monotonic()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while time.monotonic() - begun < START_S:
                if process.returncode is not None:
                    raise TeacherError(
                        f"the teacher's server ended during its start; its log {self._log} ends:\n{tail(self._log)}"
                    )
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{self.url}/health") as reply:
                        if reply.status == 200:
                            return
                on_progress(f"{time.monotonic() - begun:.0f} s, {_last_line(self._log)}")
                await asyncio.sleep(0.2)
        await self.stop()
        raise TeacherError(f"the teacher's server did not answer {self.url}/health in {START_S:.0f} s; see {self._log}")


@asynccontextmanager
async def supervised(server: ServerProcess, on_progress: OnProgress = ignore_progress) -> AsyncIterator[ServerProcess]:
    """Run the server until the block ends and restart it when it dies. Raises TeacherError if it does not start."""
    supervision = None
    try:
        await server.start(on_progress)
        supervision = asyncio.create_task(server.supervise())
        yield server
    finally:
        if supervision:
            supervision.cancel()
            await asyncio.gather(supervision, return_exceptions=True)
        await server.stop()


def tail(log: Path) -> str:
    """The last TAIL_BYTES bytes of a log as text; empty if there is no log."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL_BYTES))
        return file.read().decode("utf-8", "replace").strip()


def _last_line(log: Path) -> str:
    return (tail(log).splitlines() or [""])[-1][-LINE_CHARS:].strip()
