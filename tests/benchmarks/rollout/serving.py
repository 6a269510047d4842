"""Starts a real vLLM server for benchmarks, with a small random model of Qwen3's architecture and a known cache."""

import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.environments.resources import cache_folder
from flows.process_guard import free_port
from flows.rollout.engines.vllm.serve import CPU_ARGS
from flows.settings import Settings
from tests.benchmarks.figure import MissingTool
from tests.doubles.teachers.small_qwen3 import small_model

MODEL = "tiny-qwen3"
CONTEXT = 16_384
BLOCK = 128
"""Tokens of a KV-cache block, vLLM's default on a CPU."""
UNCHUNKED = ("--no-enable-chunked-prefill", "--max-num-batched-tokens", str(CONTEXT))
"""A seeded request whose prefill comes in chunks ends vLLM 0.32 on a CPU: `CPU Generator does not use offset`."""
START_S = 300.0
VARIABLES = {
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "HF_HUB_OFFLINE": "1",
    "VLLM_SERVER_DEV_MODE": "1",
}
"""The development mode has the endpoint that empties the prefix cache."""


@dataclass(frozen=True)
class Served:
    """A running server."""

    url: str
    folder: Path
    """Its model and tokenizer."""
    python: Path
    """The Python of the teacher's environment."""

    def forget(self) -> None:
        """Empty the prefix cache."""
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/reset_prefix_cache", method="POST")).read()

    def teacher(self) -> dict[str, object]:
        """The settings of a teacher served by this server."""
        chosen = {"engine": "vllm", "urls": [self.url], "tokenizer": str(self.folder), "renderer": "qwen3"}
        return chosen | {"temperature": 1.0, "top_p": 1.0, "context_window": CONTEXT}


@contextmanager
def real_server(*options: str) -> Iterator[Served]:
    """Start a server on a free port, with further options of vLLM's.

    Raises MissingTool without the teacher's environment, RuntimeError with the end of its log when the server died.
    """
    python = Settings().teacher.venv.expanduser() / "bin" / "python"
    if not python.exists():
        missing = f"no teacher environment at {python.parents[1]}: run `factory teacher install --cpu`"
        raise MissingTool(missing, required_by="FACTORY_REQUIRE_TEACHER")
    model, port = small_model(cache_folder(), python), free_port()
    named = {"--model": str(model), "--served-model-name": MODEL, "--host": "127.0.0.1", "--port": str(port)}
    named["--max-model-len"] = str(CONTEXT)
    flags = ["--enable-prompt-tokens-details", "--disable-uvicorn-access-log", *CPU_ARGS, *UNCHUNKED, *options]
    entry = [str(python), "-m", "vllm.entrypoints.openai.api_server"]
    command = [*entry, *(part for pair in named.items() for part in pair), *flags]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **VARIABLES})
        try:
            served = Served(f"http://127.0.0.1:{port}", model, python)
            if _healthy(server, served.url):
                yield served
        finally:
            died = server.poll()
            server.terminate()
            server.wait()
            if died is not None:
                log.seek(max(0, log.seek(0, os.SEEK_END) - 4_000))
                raise RuntimeError(f"vLLM ended with {died}:\n{log.read().decode('utf-8', 'replace')}")


def _healthy(server: "subprocess.Popen[bytes]", url: str) -> bool:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/health").read()
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.5)
        else:
            return True
    return False
