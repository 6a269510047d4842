"""A server of our own as a child process: started again when it dies, and never outliving us, however we end.

The server runs under the guard of `flows.process_guard`, which ends it and its children with this process.
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
"""Longest start: large models load slowly from network disks."""
HOUR_S = 3600.0
AGAIN_S = 5.0
"""Wait after a start that failed: a GPU's memory is not free at once."""
TAIL_CHARS, LINE_CHARS = 2_000, 100

Tell = Callable[[str], None]
"""Told again and again how a start goes on."""


def unheard(note: str) -> None:
    """A Tell that nobody reads."""


class Child:
    """A server that runs `command` and answers `url`/health; `restarts` is how often in an hour it may die."""

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

    async def start(self, tell: Tell = unheard) -> None:
        """Start it and wait until it is up; raises TeacherError with the log's tail when it ends before that."""
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
        await self._healthy(self._process, tell)
        self._ready = True

    async def keep(self) -> None:
        """Start it again whenever it has died, until that is too often: then `failure` says why."""
        deaths: deque[float] = deque()
        while True:
            await self._gone()
            failed, self._ready, now = not self._ready, False, time.monotonic()
            while deaths and now - deaths[0] > HOUR_S:
                deaths.popleft()
            if len(deaths) >= self._restarts:
                said = f"the teacher's server died {len(deaths) + 1} times within an hour (teacher.restarts)"
                self.failure = TeacherError(f"{said}; its log {self._log} ends:\n{tail(self._log)}")
                return
            deaths.append(now)
            LOG.warning("the teacher's server %s died and is started again; its log is %s", self.url, self._log)
            await asyncio.sleep(AGAIN_S if failed else 0)
            with contextlib.suppress(TeacherError):
                await self.start()

    def renew(self) -> None:
        """End a server that hangs, so that it is started again; one that is only starting is left alone."""
        if self._ready and self._process and self._process.returncode is None:
            LOG.warning("the teacher's server %s hangs and is ended", self.url)
            self._kill()

    async def end(self) -> None:
        """End it, and all that it started."""
        if self._process is None:
            return
        if self._process.stdin:
            self._process.stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._process.wait(), GRACE_S + 5)
        self._kill()
        await self._process.wait()

    async def _gone(self) -> None:
        """Wait until it has ended; what it left behind goes too, even when its guard was killed."""
        if self._process:
            await self._process.wait()
            self._kill()

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self._process:
                os.killpg(self._process.pid, signal.SIGKILL)

    async def _healthy(self, process: asyncio.subprocess.Process, tell: Tell) -> None:
        begun = time.monotonic()
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while time.monotonic() - begun < START_S:
                if process.returncode is not None:
                    said = f"the teacher's server ended while it started; its log {self._log} ends"
                    raise TeacherError(f"{said}:\n{tail(self._log)}")
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{self.url}/health") as answer:
                        if answer.status == 200:
                            return
                tell(f"{time.monotonic() - begun:.0f} s, {_last_line(self._log)}")
                await asyncio.sleep(0.2)
        await self.end()
        raise TeacherError(f"the teacher's server did not answer {self.url}/health in {START_S:.0f} s; see {self._log}")


@asynccontextmanager
async def kept(child: Child, tell: Tell = unheard) -> AsyncIterator[Child]:
    """The server up and kept up until the block ends; its output goes to its log. Raises TeacherError."""
    keeping = None
    try:
        await child.start(tell)
        keeping = asyncio.create_task(child.keep())
        yield child
    finally:
        if keeping:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        await child.end()


def tail(log: Path) -> str:
    """The last lines of a log."""
    if not log.exists():
        return ""
    with log.open("rb") as written:
        written.seek(max(0, written.seek(0, os.SEEK_END) - TAIL_CHARS))
        return written.read().decode("utf-8", "replace").strip()


def _last_line(log: Path) -> str:
    return (tail(log).splitlines() or [""])[-1][-LINE_CHARS:].strip()
