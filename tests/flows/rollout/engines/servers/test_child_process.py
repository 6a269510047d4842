"""Child-process servers: they end with the flow, restart after a crash, and fail with the end of their log."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from flows.process_guard import free_port
from flows.rollout.engines.servers.child_process import ServerProcess, supervised
from flows.rollout.engines.servers.health_checks import HealthChecks
from flows.rollout.engines.servers.http_client import HttpClient
from flows.rollout.engines.vllm.teacher import connect_vllm
from flows.rollout.protocol import Sampling, Teacher, TeacherError
from flows.settings import Settings

TIMEOUT_S = 30.0
OWNER = "tests.flows.rollout.engines.servers.child_process_owner"
SAMPLING = Sampling(0.7, 0.95, 256, 7)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def server_process(tmp_path: Path, code: str, port: int, restarts: int = 0) -> ServerProcess:
    """A Python program as a server on the port."""
    command, url = [sys.executable, "-c", code], f"http://127.0.0.1:{port}"
    return ServerProcess(command, url, tmp_path / "log", restarts=restarts)


def stopped_answering(url: str) -> bool:
    deadline = time.monotonic() + TIMEOUT_S
    while answers(url) and time.monotonic() < deadline:
        time.sleep(0.1)
    return not answers(url)


async def test_a_server_is_up_in_the_block_and_gone_after_it(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-m", "tests.doubles.teachers.fake_vllm", "--port", str(port)]
    async with supervised(
        ServerProcess(command, f"http://127.0.0.1:{port}", tmp_path / "logs" / "server.log")
    ) as child:
        assert await asyncio.to_thread(answers, child.url)
    assert not await asyncio.to_thread(answers, child.url)
    assert child.url in (tmp_path / "logs" / "server.log").read_text()


async def test_a_killed_flow_leaves_no_server_behind(tmp_path: Path) -> None:
    """A server that outlives its flow would occupy the GPU."""
    flow = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.flows.rollout.engines.servers.child_process_owner",
        str(tmp_path),
        stdout=asyncio.subprocess.PIPE,
    )
    assert flow.stdout is not None
    url = (await flow.stdout.readline()).decode().strip()
    assert await asyncio.to_thread(answers, url)
    os.kill(flow.pid, signal.SIGKILL)
    await flow.wait()
    assert await asyncio.to_thread(stopped_answering, url)


async def test_children_of_a_server_end_with_it(tmp_path: Path) -> None:
    """vLLM's engine is a child process of its HTTP server."""
    port = free_port()
    fake = f"[sys.executable, '-m', 'tests.doubles.teachers.fake_vllm', '--port', '{port}']"
    nested = f"import subprocess, sys; subprocess.run({fake})"
    async with supervised(server_process(tmp_path, nested, port)) as child:
        assert await asyncio.to_thread(answers, child.url)
    assert await asyncio.to_thread(stopped_answering, child.url)


@pytest.mark.slow
async def test_a_server_that_dies_leaves_no_children_behind(tmp_path: Path) -> None:
    """vLLM's engine would otherwise occupy the GPU after a crash of its HTTP server."""
    port = free_port()
    fake = f"[sys.executable, '-m', 'tests.doubles.teachers.fake_vllm', '--port', '{port}']"
    dying = f"import subprocess, sys, time; subprocess.Popen({fake}); time.sleep(3)"
    async with supervised(server_process(tmp_path, dying, port)) as child:
        assert await asyncio.to_thread(stopped_answering, child.url)


async def test_a_failed_start_reports_the_end_of_the_log(tmp_path: Path) -> None:
    broken = [sys.executable, "-c", "raise SystemExit('no kernel image for this GPU')"]
    with pytest.raises(TeacherError, match="no kernel image for this GPU"):
        async with supervised(ServerProcess(broken, f"http://127.0.0.1:{free_port()}", tmp_path / "log")):
            pass


@asynccontextmanager
async def teaching(tmp_path: Path, restarts: int) -> AsyncIterator[tuple[Teacher, ServerProcess]]:
    """A teacher over a supervised server, whose process id is in a file."""
    port, pid = free_port(), tmp_path / "pid"
    code = (
        "import os, pathlib, runpy, sys\n"
        f"pathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
        f"sys.argv = ['fake', '--port', '{port}', '--delay', '0.4']\n"
        "runpy.run_module('tests.doubles.teachers.fake_vllm', run_name='__main__')"
    )
    settings = Settings.model_validate({"teacher": {"engine": "vllm", "retries": 0}}).teacher
    server = server_process(tmp_path, code, port, restarts)
    checks = HealthChecks(0.05, 0.5, max_failures=1)
    async with (
        supervised(server),
        HttpClient(settings) as client,
        connect_vllm(client, [server.url], settings, {server.url: server}, checks) as teacher,
    ):
        yield teacher, server


def kill(tmp_path: Path) -> None:
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


@pytest.mark.slow
async def test_generations_wait_for_the_restart_of_a_dead_server(tmp_path: Path) -> None:
    """A crash of vLLM would otherwise end the run."""
    async with teaching(tmp_path, restarts=1) as (teacher, child):
        running = [asyncio.create_task(teacher.generate([1, 2, 3, at], SAMPLING, str(at))) for at in range(8)]
        await asyncio.sleep(0.2)
        kill(tmp_path)
        completions = await asyncio.gather(*running)
        assert all(one.token_ids for one in completions)
        assert child.starts == 2 and teacher.loads()[0].up
    assert (tmp_path / "log").read_text().count("--- start ") == 2


@pytest.mark.slow
async def test_a_server_that_hangs_is_killed_and_restarted(tmp_path: Path) -> None:
    async with teaching(tmp_path, restarts=1) as (teacher, child):
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGSTOP)
        completion = await teacher.generate([1, 2, 3, 4], SAMPLING, "s")
        assert completion.token_ids and child.starts == 2


async def test_too_many_deaths_are_an_error_with_the_end_of_the_log(tmp_path: Path) -> None:
    async with teaching(tmp_path, restarts=0) as (teacher, _):
        running = asyncio.create_task(teacher.generate([1, 2, 3, 4], SAMPLING, "s"))
        await asyncio.sleep(0.2)
        kill(tmp_path)
        with pytest.raises(TeacherError, match=r"(?s)died once within an hour.*\n.*http://127"):
            await running


@pytest.mark.slow
async def test_a_killed_guard_leaves_no_server_behind(tmp_path: Path) -> None:
    """The restart would find the port in use and the GPU full."""
    async with teaching(tmp_path, restarts=1) as (teacher, child):
        first = int((tmp_path / "pid").read_text())
        os.kill(os.getpgid(first), signal.SIGKILL)
        while child.starts == 1:
            await asyncio.sleep(0.01)
        await teacher.generate([1, 2, 3, 4], SAMPLING, "s")
        assert int((tmp_path / "pid").read_text()) != first


async def test_a_start_reports_its_progress(tmp_path: Path) -> None:
    """A large model loads for many minutes; without progress the start looks like a hang."""
    port, notes = free_port(), list[str]()
    slow = "import runpy, sys, time; print('loading weights', flush=True); time.sleep(1); sys.argv[1:] = ['--port', "
    command = [
        sys.executable,
        "-c",
        f"{slow}'{port}']; runpy.run_module('tests.doubles.teachers.fake_vllm', run_name='__main__')",
    ]
    async with supervised(ServerProcess(command, f"http://127.0.0.1:{port}", tmp_path / "log"), notes.append):
        pass
    assert any(note.endswith("s, loading weights") for note in notes)
