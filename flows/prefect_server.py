"""Starts a local Prefect server for a command: it stores flow states and artifacts, and runs the cron schedule.

If PREFECT_API_URL names a server, the command uses that one. A started server ends with the command. It runs in its
own process session, so that Ctrl-C stops the flow first while the server can still record its state.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from flows.process_guard import free_port, guarded

START_TIMEOUT_S = 120
ADDRESS = "127.0.0.1"


class ServerFailed(Exception):
    """The Prefect server did not start in time; the message names its log file."""


def quiet_prefect() -> None:
    """Set Prefect's defaults for a command: no telemetry, and no log lines on the terminal.

    The command reports errors once; Prefect's UI keeps the details.
    """
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_CLI_PROMPT", "false")


@contextmanager
def prefect_server(log: Path, port: int | None = None) -> Iterator[str]:
    """Yield the API address of a running server; with a port, its scheduler and UI run, too.

    Raises ServerFailed if a started server does not answer within START_TIMEOUT_S seconds.
    """
    quiet_prefect()
    if address := os.environ.get("PREFECT_API_URL"):
        yield address
        return
    services = [] if port else ["--no-services", "--no-ui"]
    if not port:
        os.environ.setdefault("PREFECT_LOGGING_TO_API_ENABLED", "false")
    port = port or free_port()
    start = [sys.executable, "-m", "prefect", "server", "start", "--host", ADDRESS, "--port", str(port), *services]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output, _guarded(start, output) as server:
        address = f"http://{ADDRESS}:{port}/api"
        _wait(server, address, log)
        os.environ["PREFECT_API_URL"] = address
        try:
            yield address
        finally:
            del os.environ["PREFECT_API_URL"]


@contextmanager
def _guarded(command: list[str], output: IO[bytes]) -> "Iterator[subprocess.Popen[bytes]]":
    """A child process that cannot outlive this process."""
    server = subprocess.Popen(
        guarded(command), stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
    )
    try:
        yield server
    finally:
        server.communicate()


def _wait(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{address}/health", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise ServerFailed(f"the Prefect server did not answer at {address}; its log is {log}")
