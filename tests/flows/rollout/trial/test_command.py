"""`factory teacher try` as users run it: exit codes, output, an interrupt, and a real vLLM server."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from flows.process_guard import free_port
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import fake_vllm

FACTORY = Path(sys.executable).with_name("factory")
TIMEOUT_S = 120.0
ROOT = Path(__file__).parents[4]
"""The checkout: no installation holds the doubles."""


def command(home: Path, *words: str) -> "subprocess.Popen[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FACTORY_")}
    return subprocess.Popen(
        [FACTORY, "teacher", "try", *words],
        cwd=home,
        text=True,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def write_settings(home: Path, **teacher: object) -> None:
    own = {"engine": "vllm", "tokenizer": str(tiny.save(home.parent / "tokenizer")), "renderer": "qwen3", "retries": 0}
    lines = [f"{name} = {json.dumps(value)}" for name, value in (own | teacher).items()]
    (home / "factory.toml").write_text("\n".join(["[teacher]", *lines]))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.mark.slow
def test_an_unreachable_teacher_is_one_message_with_exit_code_1(home: Path) -> None:
    """A script that starts the night must stop here, and a person must read why."""
    write_settings(home, urls=[f"http://127.0.0.1:{free_port()}"])
    ended = command(home)
    _, errors = ended.communicate(timeout=TIMEOUT_S)
    assert ended.returncode == 1
    assert "factory: http://127.0.0.1" in errors and "Traceback" not in errors
    assert [path.name for path in home.iterdir()] == ["factory.toml"]


@pytest.mark.slow
def test_the_figures_are_printed_as_text_and_as_json(home: Path) -> None:
    """People read the lines to set, machines compare the figures of two servers."""
    with fake_vllm() as fake:
        write_settings(home, urls=[fake.url])
        text, problems = command(home).communicate(timeout=TIMEOUT_S)
        whole, _ = command(home, "--json").communicate(timeout=TIMEOUT_S)
    for name in ("tiny-qwen3", "9 of 9", "tokens/s", "KV cache", "renderer", "sampling", "max_tokens = 32768"):
        assert name in text, (text, problems)
    figures = json.loads(whole)
    assert figures["exactness"] == {"compared": 9, "equal": 9, "difference": None}
    assert figures["identity"]["context"] == 32_768 and figures["problem"] is None
    assert [path.name for path in home.iterdir()] == ["factory.toml"]


@pytest.mark.slow
def test_an_interrupt_ends_the_started_server(home: Path) -> None:
    """A server that outlives the command would hold the GPU against the night."""
    venv = home.parent / "venv"
    (venv / "bin").mkdir(parents=True)
    python = venv / "bin" / "python"
    double = f"{sys.executable} -m tests.doubles.teachers.fake_vllm --delay 600"
    skip_to_port = 'while [ "$1" != --port ]; do shift; done'
    python.write_text(f"#!/bin/sh\nexport PYTHONPATH={ROOT}\n{skip_to_port}\nexec {double} --port $2\n")
    python.chmod(0o755)
    write_settings(home, model="tiny-qwen3", venv=str(venv))
    started = command(home)
    server = _wait_for_server(started.pid)
    started.send_signal(signal.SIGINT)
    _, errors = started.communicate(timeout=TIMEOUT_S)
    assert started.returncode == 130, errors
    assert "interrupted" in errors and "Traceback" not in errors
    psutil.wait_procs([server], timeout=TIMEOUT_S)
    assert not server.is_running()
    assert {path.name for path in (home / "state").rglob("*")} == {"logs", "vllm.log"}


def _wait_for_server(pid: int) -> psutil.Process:
    """The started server, once it has a request that it does not answer."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        children = psutil.Process(pid).children(recursive=True)
        servers = [child for child in children if child.cmdline()[1:3] == ["-m", "tests.doubles.teachers.fake_vllm"]]
        for server in servers:
            if any(one.status == psutil.CONN_ESTABLISHED for one in server.net_connections()):
                return server
        time.sleep(0.1)
    raise TimeoutError("the server was not started")
