"""Keeps the two processes of `factory serve` alive: the Prefect server, and the runner that starts the nights.

Either is started again when it dies. A process that keeps dying ends the command with the reason, so that a service
manager sees it. The runner writes to a log; this process prints one line per event of a night.
"""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx

from flows.schedule.night_log import NightLog
from flows.schedule.prefect_server import PrefectServer, ServerFailed, last_words
from flows.schedule.sentences import sentence

RUNNER = "from flows.nightly import serve_nightly; serve_nightly()"
POLL_S = 0.5
HOUR_S = 3600.0
RESTARTS = 5
"""Restarts per hour of a process that dies."""
ASK_AGAIN_S = 10.0
STOP_S = 60.0
"""Seconds that a night has to stop in order."""

Say = Callable[[str], object]


class RunnerFailed(Exception):
    """The process that starts the nights keeps dying; the message names its log."""


class Runner:
    """The process that polls Prefect for due nights and runs each in a process of its own."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches it through `stop` only."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", RUNNER],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End it and the night that it runs, at first in order; does nothing if it has not started."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_S)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Supervisor:
    """Starts server and runner, and starts each again when it dies, until the process is interrupted."""

    def __init__(self, server: PrefectServer | None, runner: Runner, log: NightLog, say: Say) -> None:
        """Without a server, `PREFECT_API_URL` names one that the user runs."""
        self._server, self._runner, self._log, self._say = server, runner, log, say
        self._said, self._size = len(log.events()), log.size
        self._deaths: dict[str, deque[float]] = {"server": deque(), "runner": deque()}

    def run(self) -> None:
        """Keep both alive. Raises ServerFailed, PortTaken or RunnerFailed when one keeps dying."""
        self._runner.start()
        while True:
            time.sleep(POLL_S)
            if self._server and not self._server.is_running:
                self._restart_server(self._server)
            if not self._runner.is_running:
                self._restart_runner()
            self._report()

    def _report(self) -> None:
        if self._size == self._log.size:
            return
        self._size, events = self._log.size, self._log.events()
        for event in events[self._said :]:
            if event.night:
                self._say(sentence(event))
        self._said = len(events)

    def _restart_server(self, server: PrefectServer) -> None:
        self._say("the Prefect server died; it is started again")
        if self._has_died_too_often("server"):
            raise ServerFailed(f"the Prefect server died {RESTARTS + 1} times within an hour; {last_words(server.log)}")
        server.stop()
        server.start()

    def _restart_runner(self) -> None:
        self._runner.stop()
        self._report()
        while not self._is_reachable():
            self._say(f"the Prefect server {os.environ['PREFECT_API_URL']} does not answer; asking again")
            time.sleep(ASK_AGAIN_S)
        self._say(f"the process that starts the nights died; it is started again; its log is {self._runner.log}")
        if self._has_died_too_often("runner"):
            raise RunnerFailed(
                f"the process that starts the nights died {RESTARTS + 1} times within an hour; "
                f"{last_words(self._runner.log)}"
            )
        self._runner.start()

    def _is_reachable(self) -> bool:
        """True if the server answers, or if it is a child, which `run` starts again."""
        try:
            return bool(self._server) or httpx.get(f"{os.environ['PREFECT_API_URL']}/health", timeout=5).is_success
        except httpx.HTTPError:
            return False

    def _has_died_too_often(self, name: str) -> bool:
        deaths, now = self._deaths[name], time.monotonic()
        deaths.append(now)
        while now - deaths[0] > HOUR_S:
            deaths.popleft()
        return len(deaths) > RESTARTS
