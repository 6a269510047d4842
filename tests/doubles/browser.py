"""A real headless Chromium that tests drive over its DevTools protocol: pages, their errors, screenshots.

It is Debian's package `chromium`. Without it the tests that need it are skipped, unless FACTORY_REQUIRE_BROWSER is set.
"""

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect
from websockets.sync.connection import Connection

CHROMIUM = shutil.which("chromium")
needs_browser = pytest.mark.skipif(
    CHROMIUM is None and "FACTORY_REQUIRE_BROWSER" not in os.environ, reason="no chromium: apt-get install chromium"
)
OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--no-first-run", "--hide-scrollbars", "--remote-debugging-port=0",
)  # fmt: skip
START_S, PAGE_S = 60, 60
TALLEST = 12_000
"""Pixels of a screenshot's height at most."""
ERRORS = {"error", "assert"}


class Browser:
    """One tab. `faults` are the errors of all its pages so far: of the console, of scripts, and refused loads."""

    def __init__(self, socket: Connection) -> None:
        self._socket, self._number = socket, 0
        self._events: list[dict[str, Any]] = []
        self.faults: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Run a method of the protocol; returns its result. Raises RuntimeError, TimeoutError."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = self._receive()
            if message.get("id") == self._number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']['message']}")
                return dict(message["result"])

    def screen(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        """Show pages at this size in CSS pixels, in the light or the dark scheme."""
        mobile = width < 600
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, address: str) -> float:
        """Open an address, and wait until it is loaded; returns the seconds that it took."""
        start = time.perf_counter()
        self._events.clear()
        if failed := self.call("Page.navigate", url=address).get("errorText"):
            raise RuntimeError(f"{address}: {failed}")
        self._wait_for("Page.loadEventFired")
        return time.perf_counter() - start

    def click(self, selector: str) -> None:
        """Click the element, and wait for the page that this loads."""
        self._events.clear()
        self.evaluate(f"document.querySelector({json.dumps(selector)}).click()")
        self._wait_for("Page.loadEventFired")

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression. Raises RuntimeError if it throws."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(str(result["exceptionDetails"]))
        return result["result"].get("value")

    def screenshot(self, path: Path) -> None:
        """Write the whole page as a PNG file, cut at TALLEST pixels."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], TALLEST), "scale": 1}
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))

    def overflow(self) -> int:
        """Pixels by which the page is wider than its screen."""
        return int(self.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    def _wait_for(self, event: str) -> None:
        while not any(one["method"] == event for one in self._events):
            self._receive()
        self.evaluate("0")

    def _receive(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self._socket.recv(timeout=PAGE_S))
        if "method" in message:
            self._events.append(message)
            self.faults += _faults(message["method"], message["params"])
        return message


def _faults(method: str, event: dict[str, Any]) -> list[str]:
    if method == "Log.entryAdded" and event["entry"]["level"] == "error":
        return [f"{event['entry']['text']} {event['entry'].get('url', '')}"]
    if method == "Runtime.exceptionThrown":
        return [str(event["exceptionDetails"])]
    if method == "Runtime.consoleAPICalled" and event["type"] in ERRORS:
        return [str([one.get("value") for one in event["args"]])]
    if method == "Network.loadingFailed" and not event.get("canceled"):
        return [f"not loaded: {event['errorText']} {event.get('blockedReason', '')}"]
    return []


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A tab of a new Chromium, which keeps its files in the folder `profile` and ends with the block."""
    command = [str(CHROMIUM), *OPTIONS, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            address = f"http://127.0.0.1:{_port(profile / 'DevToolsActivePort')}/json/list"
            tab = next(one for one in httpx.get(address).json() if one["type"] == "page")
            with connect(tab["webSocketDebuggerUrl"], max_size=None) as socket:
                yield Browser(socket)
        finally:
            process.terminate()


def _port(file: Path) -> int:
    """The port that Chromium writes to its profile once it listens. Raises TimeoutError."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        if file.exists() and (lines := file.read_text().splitlines()):
            return int(lines[0])
        time.sleep(0.05)
    raise TimeoutError(f"chromium wrote no {file}")
