"""Starts a local Prefect server for a command: it stores flow states and artifacts, and runs the cron schedule.

If PREFECT_API_URL names a server, the command uses that one. A started server keeps its database in the home's state
folder, so that homes share nothing, and ends with the command. It runs in its own process session, so that Ctrl-C
stops the flow first while the server can still record its state.
"""

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import httpx

from flows.process_guard import free_port, guarded
from flows.schedule.new_database import begin_database, keep_database
from flows.schedule.ports import require_free_port

START_TIMEOUT_S = 120
LOOPBACK = "127.0.0.1"
ANY_ADDRESS = {"0.0.0.0": LOOPBACK, "::": "[::1]"}  # noqa: S104
"""Addresses that stand for all of a machine, and where this machine reaches a server that listens there."""
TAIL_LINES = 5
VACUUM = "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED"
VACUUM_AGE = "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD"
"""Variables of the server: what it removes, and the age in seconds."""


class ServerFailed(Exception):
    """The Prefect server did not start in time; the message names its log file."""


def external_server() -> str | None:
    """API address of a server that the user runs; None if the command starts its own."""
    return os.environ.get("PREFECT_API_URL")


def quiet_prefect() -> None:
    """Set Prefect's defaults for a command: no telemetry, and no log lines on the terminal.

    The command reports errors once; Prefect's UI keeps the details.
    """
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_CLI_PROMPT", "false")


class PrefectServer:
    """A server of one home as a child process. While it runs, this process and its children use it."""

    def __init__(self, state: Path, *, host: str = LOOPBACK, port: int | None = None, keep_days: int = 90) -> None:
        """With a port, the server's scheduler and UI run, too, and runs that ended `keep_days` ago are removed."""
        self._folder = (state / "prefect").resolve()
        self._database = self._folder / "prefect.db"
        self.log = state / "logs" / "prefect-server.log"
        self._kept = {VACUUM: "events,flow_runs", VACUUM_AGE: str(keep_days * 86_400)}
        self._host, self._has_services, self._port = host, port is not None, port or free_port()
        reached_at = ANY_ADDRESS.get(host, f"[{host}]" if ":" in host else host)
        self.address = f"http://{reached_at}:{self._port}/api"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers. Raises PortTaken, or ServerFailed after START_TIMEOUT_S seconds.

        A damaged database is set aside: the log of nights, not the database, holds what a home must remember.
        """
        require_free_port(self._host, self._port)
        try:
            self._start()
        except ServerFailed:
            if not set_aside_if_damaged(self._database):
                raise
            self._start()
        os.environ["PREFECT_API_URL"] = self.address

    def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        os.environ["PREFECT_HOME"] = str(self._folder)
        with self._alone(), self.log.open("ab") as output:
            makes_database = self._has_own_database and not begin_database(self._database)
            self._process = subprocess.Popen(
                guarded(self._command()),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env=os.environ | self._environment(),
            )
            self._wait()
            if makes_database and not self._has_services:
                keep_database(self._database)

    @property
    def _has_own_database(self) -> bool:
        return not {"PREFECT_API_DATABASE_CONNECTION_URL", "PREFECT_SERVER_DATABASE_CONNECTION_URL"} & set(os.environ)

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> None:
        """End the server and all that it started; does nothing if it has not started."""
        os.environ.pop("PREFECT_API_URL", None)
        if self._process:
            self._process.communicate()
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # left behind by a guard that was killed
            self._process = None

    def _command(self) -> list[str]:
        services = [] if self._has_services else ["--no-services", "--no-ui"]
        listen = ["--host", self._host, "--port", str(self._port)]
        return [sys.executable, "-m", "prefect", "server", "start", *listen, *services]

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in self._kept.items() if name not in os.environ}
        own |= {"PREFECT_UI_API_URL": "/api" if self._host in ANY_ADDRESS else self.address}
        if self._has_own_database:
            own["PREFECT_API_DATABASE_CONNECTION_URL"] = f"sqlite+aiosqlite:///{self._database}"
        return own

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Only one server of a home starts at a time: two would create the tables of one database at once."""
        with (self._folder / "start.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        with httpx.Client(timeout=2) as client:
            while time.monotonic() < deadline and self.is_running:
                with suppress(httpx.HTTPError):
                    if client.get(f"{self.address}/health").is_success:
                        return
                time.sleep(0.1)
        self.stop()
        raise ServerFailed(f"the Prefect server did not answer at {self.address}; {last_words(self.log)}")


def set_aside_if_damaged(database: Path) -> bool:
    """Rename a SQLite file that cannot be read, with its journals, to a name with `.damaged`; True if it was."""
    if not database.exists():
        return False
    try:
        with closing(sqlite3.connect(database)) as db:
            if db.execute("pragma quick_check").fetchone() == ("ok",):
                return False
    except sqlite3.DatabaseError:
        pass
    for suffix in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            Path(f"{database}{suffix}").rename(f"{database}{suffix}.damaged")
    return True


def last_words(log: Path) -> str:
    """The end of a log, for an error."""
    lines = log.read_text("utf-8", "replace").splitlines() if log.exists() else []
    return "\n".join([f"its log {log} ends:", *lines[-TAIL_LINES:]])


@contextmanager
def prefect_server(state: Path) -> Iterator[str]:
    """Yield the API address of a running server without scheduler and UI. Raises ServerFailed, PortTaken."""
    quiet_prefect()
    if address := external_server():
        yield address
        return
    os.environ.setdefault("PREFECT_LOGGING_TO_API_ENABLED", "false")
    server = PrefectServer(state)
    try:
        server.start()
        yield server.address
    finally:
        server.stop()
