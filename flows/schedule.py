"""The Prefect server that `factory serve` needs: cron runs are created by a server's scheduler.

Where PREFECT_API_URL names a server, that one is used; otherwise a local one is started beside and
ended with the schedule. Prefect's own telemetry is off.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

START_TIMEOUT_S = 120
ADDRESS = "127.0.0.1"


class ServerFailed(Exception):
    """The Prefect server did not come up; says where its log is."""


def quiet_prefect() -> None:
    """Set Prefect's defaults for a command: no telemetry, warnings only, and patience on a busy machine."""
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
    os.environ.setdefault("PREFECT_CLI_PROMPT", "false")
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", str(START_TIMEOUT_S))


@contextmanager
def prefect_server(port: int, log: Path) -> Iterator[str]:
    """The server's API address; raises ServerFailed when a started one does not answer in time."""
    if address := os.environ.get("PREFECT_API_URL"):
        yield address
        return
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", ADDRESS, "--port", str(port)]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output, subprocess.Popen(command, stdout=output, stderr=output) as server:
        try:
            address = f"http://{ADDRESS}:{port}/api"
            _wait(server, address, log)
            os.environ["PREFECT_API_URL"] = address
            yield address
        finally:
            os.environ.pop("PREFECT_API_URL", None)
            server.terminate()


def _wait(server: "subprocess.Popen[bytes]", address: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            if httpx.get(f"{address}/health", timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise ServerFailed(f"the Prefect server did not answer at {address}; its log is {log}")
