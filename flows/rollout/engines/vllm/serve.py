"""A vLLM server of the flow's own, started from the teacher's environment and ended with the flow.

vLLM and Prefect cannot share an environment, so the server is another Python's program, known by HTTP only.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from flows.process_guard import free_port
from flows.rollout.engines.servers.child_process import Child, Tell, kept, unheard
from flows.rollout.protocol import TeacherRefused
from flows.settings import Settings

CPU_ARGS = ("--enforce-eager", "--dtype", "bfloat16", "--no-enable-chunked-prefill")
"""A seeded request whose prefill comes in chunks ends vLLM 0.32 on a CPU: `CPU Generator does not use offset`."""
CPU_VARIABLES = {"VLLM_CPU_KVCACHE_SPACE": "1"}
"""GiB of cache that a CPU build keeps, unless the environment already says."""


@asynccontextmanager
async def served(settings: Settings, tell: Tell = unheard) -> AsyncIterator[Child]:
    """A server of teacher.model, kept up as long as the block runs; its log is state/logs/vllm.log.

    Raises TeacherRefused when there is no environment or no model, TeacherError when it does not start.
    """
    port = free_port()
    variables = {"VLLM_NO_USAGE_STATS": "1"}
    if _cpu_build(settings.teacher.venv.expanduser()):
        variables |= {name: os.environ.get(name, value) for name, value in CPU_VARIABLES.items()}
    if settings.teacher.api_key:
        variables["VLLM_API_KEY"] = settings.teacher.api_key.get_secret_value()
    log = settings.state / "logs" / "vllm.log"
    child = Child(vllm_command(settings, port), f"http://127.0.0.1:{port}", log, variables, settings.teacher.restarts)
    async with kept(child, tell):
        yield child


def vllm_command(settings: Settings, port: int) -> list[str]:
    """What starts vLLM; the key is no part of it, for arguments can be seen. Raises TeacherRefused as `served` does."""
    chosen, environment = settings.teacher, settings.teacher.venv.expanduser()
    python = environment / "bin" / "python"
    if not python.exists():
        todo = "run `factory teacher install` (--cpu without a GPU), or set teacher.urls to servers that run"
        raise TeacherRefused(f"there is no teacher environment at {environment}: {todo}")
    if not chosen.model:
        raise TeacherRefused("teacher.model is not set: name the model that the flow is to serve, or set teacher.urls")
    options: dict[str, str | None] = {
        "--model": chosen.model,
        "--host": "127.0.0.1",
        "--port": str(port),
        "--revision": chosen.revision,
    }
    options["--tokenizer"] = chosen.tokenizer
    if "context_window" in chosen.model_fields_set:
        options["--max-model-len"] = str(chosen.context_window)
    for name, many in (("tensor", chosen.tensor_parallel), ("data", chosen.data_parallel)):
        options[f"--{name}-parallel-size"] = str(many) if many > 1 else None
    named = [part for name, value in options.items() if value for part in (name, value)]
    build = CPU_ARGS if _cpu_build(environment) else ()
    entry = [str(python), "-m", "vllm.entrypoints.openai.api_server"]
    return [*entry, *named, "--enable-prompt-tokens-details", *build, *chosen.serve_args]


def _cpu_build(environment: Path) -> bool:
    return any(environment.glob("lib/python*/site-packages/vllm_cpu-*.dist-info"))
