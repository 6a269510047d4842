"""Starts a vLLM server from the teacher's own virtual environment and stops it with the flow.

The dependencies of vLLM and Prefect exclude each other, so the server is a program of another Python, reached over
HTTP only.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from flows.process_guard import free_port
from flows.rollout.engines.servers.child_process import OnProgress, ServerProcess, ignore_progress, supervised
from flows.rollout.protocol import TeacherRefused
from flows.settings import Teacher

CPU_ARGS = ("--enforce-eager", "--dtype", "bfloat16", "--no-enable-chunked-prefill")
"""On a CPU, chunked prefill with a seed crashes vLLM 0.32: `CPU Generator does not use offset`."""
CPU_VARIABLES = {"VLLM_CPU_KVCACHE_SPACE": "1"}
"""GiB of KV cache of a CPU build, unless the environment sets the variable."""


@asynccontextmanager
async def serve_vllm(
    settings: Teacher, logs: Path, on_progress: OnProgress = ignore_progress
) -> AsyncIterator[ServerProcess]:
    """A supervised server of teacher.model while the block runs; its log is vllm.log in the folder `logs`.

    Raises TeacherRefused when the virtual environment or the model is missing, TeacherError when the start fails.
    """
    port = free_port()
    variables = {"VLLM_NO_USAGE_STATS": "1"}
    if _cpu_build(settings.venv):
        variables |= {name: os.environ.get(name, value) for name, value in CPU_VARIABLES.items()}
    if settings.api_key:
        variables["VLLM_API_KEY"] = settings.api_key.get_secret_value()
    log, url = logs / "vllm.log", f"http://127.0.0.1:{port}"
    server = ServerProcess(vllm_command(settings, port), url, log, variables, settings.restarts)
    async with supervised(server, on_progress):
        yield server


def vllm_command(settings: Teacher, port: int) -> list[str]:
    """The command that starts vLLM; raises TeacherRefused as `serve_vllm` does.

    The API key is passed as a variable instead, since other users can read the arguments of a process.
    """
    environment = settings.venv
    python = environment / "bin" / "python"
    if not python.exists():
        remedy = "run `factory teacher install` (--cpu without a GPU), or set teacher.urls to running servers"
        raise TeacherRefused(f"no vLLM environment at {environment}: {remedy}")
    if not settings.model:
        raise TeacherRefused("teacher.model is not set: name the model to serve, or set teacher.urls")
    build = CPU_ARGS if _cpu_build(environment) else ()
    entry = [str(python), "-m", "vllm.entrypoints.openai.api_server"]
    return [*entry, *_options(settings, port), "--enable-prompt-tokens-details", *build, *settings.serve_args]


def _options(teacher: Teacher, port: int) -> list[str]:
    """Command-line options of the settings; options without a value are left out."""
    options: dict[str, str | None] = {
        "--model": teacher.model,
        "--host": "127.0.0.1",
        "--port": str(port),
        "--revision": teacher.revision,
        "--tokenizer": teacher.tokenizer,
    }
    if "context_window" in teacher.model_fields_set:
        options["--max-model-len"] = str(teacher.context_window)
    for name, size in (("tensor", teacher.tensor_parallel), ("data", teacher.data_parallel)):
        options[f"--{name}-parallel-size"] = str(size) if size > 1 else None
    return [part for name, value in options.items() if value for part in (name, value)]


def _cpu_build(environment: Path) -> bool:
    return any(environment.glob("lib/python*/site-packages/vllm_cpu-*.dist-info"))
