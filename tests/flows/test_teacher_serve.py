"""Servers that the flow starts: up when it needs them, gone when it is gone, and clear when they fail."""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

import httpx
import pytest

from flows.rollout.child import Child, free_port, kept
from flows.rollout.engine import TeacherError, TeacherRefused
from flows.rollout.install import CPU, MARKER, install
from flows.rollout.serve import served
from flows.settings import Settings
from warehouse.progress import silent

PATIENCE_S = 30.0


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def gone(url: str) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while answers(url) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not answers(url)


async def test_a_server_is_up_in_the_block_and_gone_after_it(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.doubles.fake_vllm", "--port", str(port)]
    async with kept(Child(command, f"http://127.0.0.1:{port}", tmp_path / "logs" / "server.log")) as child:
        assert await asyncio.to_thread(answers, child.url)
    assert not await asyncio.to_thread(answers, child.url)
    assert child.url in (tmp_path / "logs" / "server.log").read_text()


async def test_a_killed_flow_leaves_no_server_behind(tmp_path: Path) -> None:
    """A server that outlives its flow holds the GPU all day."""
    flow = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.flows.serving", str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert flow.stdout is not None
    url = (await flow.stdout.readline()).decode().strip()
    assert await asyncio.to_thread(answers, url)
    os.kill(flow.pid, signal.SIGKILL)
    await flow.wait()
    assert await asyncio.to_thread(gone, url)


async def test_a_servers_own_children_end_with_it(tmp_path: Path) -> None:
    """vLLM's engine is a child of its HTTP server."""
    port = free_port()
    nested = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-m', 'tests.doubles.fake_vllm', '--port', '{port}'])"
    )
    async with kept(Child([sys.executable, "-c", nested], f"http://127.0.0.1:{port}", tmp_path / "log")) as child:
        assert await asyncio.to_thread(answers, child.url)
    assert await asyncio.to_thread(gone, child.url)


async def test_a_server_that_dies_leaves_no_children_behind(tmp_path: Path) -> None:
    """vLLM's engine would else hold the GPU after its HTTP server has crashed."""
    port = free_port()
    fake = f"[sys.executable, '-m', 'tests.doubles.fake_vllm', '--port', '{port}']"
    dying = f"import subprocess, sys, time; subprocess.Popen({fake}); time.sleep(3)"
    async with kept(Child([sys.executable, "-c", dying], f"http://127.0.0.1:{port}", tmp_path / "log")) as child:
        assert await asyncio.to_thread(gone, child.url)


async def test_a_server_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    broken = [sys.executable, "-c", "raise SystemExit('no kernel image for this GPU')"]
    with pytest.raises(TeacherError, match="no kernel image for this GPU"):
        async with kept(Child(broken, f"http://127.0.0.1:{free_port()}", tmp_path / "log")):
            pass


@pytest.mark.parametrize(
    ("teacher", "todo"), [({}, "factory teacher install"), ({"environment": sys.prefix}, "teacher.model")]
)
async def test_what_is_missing_for_a_server_is_named(tmp_path: Path, teacher: dict[str, str], todo: str) -> None:
    settings = Settings.model_validate({"teacher": {"engine": "vllm", "environment": tmp_path / "none", **teacher}})
    with pytest.raises(TeacherRefused, match=todo):
        async with served(settings):
            pass


def test_an_environment_that_is_whole_is_left_as_it_is(tmp_path: Path) -> None:
    marker = {"packages": list(CPU), "python": sys.version.split()[0]}
    (tmp_path / MARKER).write_text(json.dumps(marker))
    install(tmp_path, cpu=True, report=silent)
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]


def test_an_install_that_fails_shows_why_and_is_not_taken_for_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(TeacherError, match="No matching distribution") as failed:
        install(tmp_path, cpu=True, report=silent)
    assert str(tmp_path / "install.log") in str(failed.value)
    assert not (tmp_path / MARKER).exists()
