"""A real vLLM server that the flow starts, ended by SIGTERM under 16 attempts: no half sentence becomes an answer.

Needs vLLM's environment, as test_real_server.py does.
"""

import json
import os
import re
import signal
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import psutil

from flows.rollout.monitor.run_status import RunStatus, read_status
from flows.rollout.run import run_rollout
from flows.settings import Settings
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.flows.rollout.engines.vllm.test_real_server import ENVIRONMENT, model, pytestmark
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.query import run_checks

__all__ = ["model", "pytestmark"]

DAY = date(2026, 1, 1)
RESTARTS = int(os.environ.get("VLLM_RESTARTS", "1"))
"""VLLM_RESTARTS=8 is the long form."""
IN_FLIGHT, TASKS = 16, 8 + 8 * RESTARTS
RUNNING = re.compile(rb"^vllm:num_requests_running\{.*\} (\S+)", re.MULTILINE)
ENTRY = "vllm.entrypoints.openai.api_server"


class Terminator(threading.Thread):
    """Ends the server with SIGTERM each time that it works on half of the attempts; the supervisor starts it again.

    The engine's process is sent the signal first, as by a service manager: after the step that it is in, it aborts its
    requests. The API server alone would kill it in their middle, and most of them would fail with status 500 instead.
    """

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.done = 0
        self.stopping = threading.Event()

    def run(self) -> None:
        while self.done < RESTARTS and not self.stopping.wait(0.1):
            server = self._server()
            if server and self._running(server) >= IN_FLIGHT // 2:
                time.sleep(0.3)
                self._terminate(server)
                self.done += 1

    def _terminate(self, server: psutil.Process) -> None:
        engines = [one for one in server.children(recursive=True) if "EngineCore" in "".join(one.cmdline())]
        for process in (*engines, server):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGTERM)
                process.wait(120)

    def _server(self) -> psutil.Process | None:
        for child in psutil.Process().children(recursive=True):
            try:
                command = child.cmdline()
            except psutil.Error:
                continue
            if ENTRY in command and "process_guard" not in " ".join(command):
                return child
        return None

    def _running(self, server: psutil.Process) -> float:
        try:
            command = server.cmdline()
            url = f"http://127.0.0.1:{command[command.index('--port') + 1]}/metrics"
            found = RUNNING.search(urllib.request.urlopen(url, timeout=5).read())
        except (psutil.Error, urllib.error.URLError, OSError):
            return 0.0
        return float(found[1]) if found else 0.0


def settings_of(home: Path, model: Path) -> Settings:
    teacher = {
        "engine": "vllm", "model": str(model), "renderer": "qwen3", "context_window": 4_096, "temperature": 1.0,
        "max_completion_tokens": 256, "venv": ENVIRONMENT, "restarts": RESTARTS + 1,
        "serve_args": ["--disable-uvicorn-access-log"],
        "check_template": False,  # the small model's own template has no tools
    }  # fmt: skip
    return Settings.model_validate({"home": home, "teacher": teacher, "rollout": {"max_in_flight": IN_FLIGHT}})


def test_a_server_ended_under_load_leaves_no_cut_turn(model: Path, tmp_path: Path) -> None:
    """Nine of thirteen trajectories of such a run ended in mid-sentence, as answered."""
    settings, lake = settings_of(tmp_path, model), Lake(tmp_path / "lake")
    write_wiki_tasks(lake, DAY, TASKS, max_turns=2, max_tokens=3_000)
    terminator = Terminator()
    terminator.start()
    counts = run_rollout(settings, DAY, silent)
    terminator.stopping.set()
    terminator.join()
    status = read_status(settings.state)
    print(json.dumps(figures(lake, status, terminator)))
    assert terminator.done == RESTARTS, "too few attempts: the server was never under load"
    assert (counts["planned"], counts["pending"]) == (2 * TASKS, 0), counts
    assert status and status.discarded > 0 and status.discarded_tokens > 0
    assert_every_turn_ended(lake, model)


def assert_every_turn_ended(lake: Lake, model: Path) -> None:
    """Each sampled turn ends at a limit (tokens, repetitions) or with a stop id, and every count adds up."""
    added = json.loads((model / "tokenizer.json").read_text())["added_tokens"]
    stops = [token["id"] for token in added if token["content"] in ("<|im_end|>", "<|endoftext|>")]
    with connect(lake) as con:
        assert not {name: rows for name, rows in run_checks(con).items() if rows}
        turns = con.execute(
            "select finish_reason, token_ids[-1], n_tokens, len(token_ids) from turns where role = 'assistant'"
        ).fetchall()
        engines = con.execute("select distinct engine, dialect, engine_version from trajectories").fetchall()
    assert turns and all(counted == stored > 0 for *_, counted, stored in turns)
    assert {(reason, last in stops) for reason, last, *_ in turns} <= {
        ("stop", True), ("length", False), ("repetition", False),
    }  # fmt: skip
    assert engines[0][:2] == ("vllm", "chat") and engines[0][2].startswith("0.")


def figures(lake: Lake, status: RunStatus | None, terminator: Terminator) -> dict[str, Any]:
    with connect(lake) as con:
        ended = con.execute("select status, count(*) from trajectories group by 1 order by 1").fetchall()
    seen = status.model_dump(include={"discarded", "discarded_tokens", "turns"}) if status else {}
    return {"restarts": terminator.done, "trajectories": dict(ended)} | seen
