"""`factory serve` as people run it: two homes side by side, kills of every process, a stop by SIGTERM.

A failure here loses a night, books it in another home, or leaves a process that holds the home.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from flows.process_guard import free_port
from warehouse.connect import connect
from warehouse.lake import Lake

pytestmark = pytest.mark.slow

PATIENCE_S = 300
ROOT = Path(__file__).parents[3]


class Home:
    """A home with one page and its `factory serve`."""

    def __init__(self, folder: Path, cron: str) -> None:
        self.folder, self.port = folder, free_port()
        (folder / "pages").mkdir(parents=True)
        (folder / "pages/page.md").write_text(f"# Page of {folder.name}\n")
        (folder / "factory.toml").write_text(f'[crawl]\nfolders = ["pages"]\n[schedule]\ncron = "{cron}"\n')
        self.process = self.factory("serve", "--port", str(self.port))

    def factory(self, *words: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-c", "from flows.cli import main; main()", *words]
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("FACTORY_", "PREFECT_"))
        }
        with (self.folder / f"{words[0]}.txt").open("ab") as output:
            return subprocess.Popen(
                command, cwd=self.folder, stdout=output, stderr=output, env=environment | {"PYTHONPATH": str(ROOT)}
            )

    @property
    def said(self) -> str:
        return "\n".join(path.read_text() for path in self.folder.glob("*.txt"))

    def events(self) -> list[dict[str, Any]]:
        log = self.folder / "state/nights.jsonl"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def event(self, name: str, *, other_than: str = "") -> dict[str, Any]:
        """Wait for an event of a night."""
        found: dict[str, Any] = self.wait_for(
            lambda: next((e for e in self.events() if e["event"] == name and e.get("night") != other_than), None)
        )
        return found

    def wait_for(self, found: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE_S
        while not (result := found()):
            assert time.monotonic() < deadline and self.process.poll() is None, self.said
            time.sleep(0.2)
        return result

    def is_served(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/api/health").is_success
        except httpx.HTTPError:
            return False

    def children(self) -> dict[str, psutil.Process]:
        """The server, the runner and the night, as far as they run."""
        found = {}
        for child in psutil.Process(self.process.pid).children(recursive=True):
            words = " ".join(child.cmdline())
            for name, mark in (
                ("server", "-m prefect server start"),
                ("runner", "serve_nightly"),
                ("night", "spawn_main"),
            ):
                if mark in words and "process_guard" not in words:
                    found[name] = child
        return found


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Home, Home]]:
    folder = tmp_path_factory.mktemp("homes")
    yearly, busy = Home(folder / "yearly", "0 3 1 1 *"), Home(folder / "busy", "* * * * *")
    yield yearly, busy
    for home in (yearly, busy):
        home.process.kill()
        home.process.wait()


def test_each_home_keeps_its_own_server_and_port(homes: tuple[Home, Home]) -> None:
    """With one database for all, a night runs in the home whose runner polls first; a UI calls its own port."""
    for home in homes:
        home.wait_for(home.is_served)
        settings = httpx.get(f"http://127.0.0.1:{home.port}/ui-settings").json()
        assert settings["api_url"] == f"http://127.0.0.1:{home.port}/api"
        assert (home.folder / "state/prefect/prefect.db").exists()


def test_a_taken_port_and_a_second_serve_are_refused_by_name(homes: tuple[Home, Home], tmp_path: Path) -> None:
    """A command that joins another home's server goes on without one when that ends."""
    yearly, _ = homes
    other = Home.__new__(Home)
    other.folder = tmp_path
    assert other.factory("serve", "--port", str(yearly.port)).wait(PATIENCE_S) == 1
    assert f"port {yearly.port}" in other.said and "prefect server start" in other.said
    assert not (tmp_path / "state").exists()
    assert yearly.factory("serve", "--port", str(free_port())).wait(PATIENCE_S) == 1
    assert f"process {yearly.process.pid} serves the nights" in yearly.said


def test_after_kills_of_night_runner_and_server_the_next_night_runs_and_says_so(homes: tuple[Home, Home]) -> None:
    """A machine under pressure kills any of them; a schedule that stops then loses every later night."""
    yearly, busy = homes
    first = busy.event("started")
    killed = busy.children()
    psutil.Process(first["pid"]).kill()
    killed["runner"].kill()
    killed["server"].kill()
    event = busy.event("killed")
    assert event["night"] == first["night"] and str(first["pid"]) in event["detail"]
    done = busy.event("completed", other_than=first["night"])
    with connect(Lake(busy.folder / "lake")) as con:
        assert (done["night"],) in con.execute("select distinct run_id from documents").fetchall()
    assert "Prefect server died; it is started again" in busy.said
    assert f"night {first['night']} did not end" in busy.said
    assert not (yearly.folder / "lake").exists()


def test_sigterm_ends_all_processes_without_noise(homes: tuple[Home, Home]) -> None:
    """A stop by systemd that fails, or leaves processes, is killed after a timeout and counts as failed."""
    for home in homes:
        log = home.folder / "state/logs/serve.log"
        before = len(log.read_text())
        children = psutil.Process(home.process.pid).children(recursive=True)
        home.process.send_signal(signal.SIGTERM)
        assert home.process.wait(PATIENCE_S) == 0, home.said
        _, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
        assert alive == []
        for text in (home.said, log.read_text()[before:]):
            assert not [mark for mark in ("Traceback", "leaked", "was destroyed", "ConnectError") if mark in text], text
