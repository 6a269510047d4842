"""The fake vLLM server as a process of its own, to be killed and started again on the same port.

What it sampled stands in a file, a line for each completion that it sent back, so that no kill takes its
count. It keeps no KV cache: what a cache holds depends on when its server died, and rows are compared.
"""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import orjson

from flows.process_guard import free_port
from tests.doubles.teachers.fake_vllm import Exchange, FakeVllm, Reply, serve

CONTEXT = multiprocessing.get_context("forkserver")


class Written(list[Exchange]):
    """Exchanges that go to a file and are kept nowhere else."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)

    def append(self, exchange: Exchange) -> None:
        os.write(self._file, orjson.dumps({"at": time.monotonic(), "prompt": exchange.prompt_ids}) + b"\n")


@dataclass(frozen=True)
class Sampled:
    """A completion that the server sampled: when (the machine's monotonic clock, seconds), and for what."""

    at: float
    prompt: tuple[int, ...]


@dataclass
class VllmProcess:
    """A server that says `reply`, a function of a module, `delay_s` seconds after each prompt."""

    log: Path
    reply: Reply
    delay_s: float = 0.0
    port: int = field(default_factory=free_port)
    process: ForkServerProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it; it listens a moment later."""
        self.process = CONTEXT.Process(target=_serve, args=(self.log, self.reply, self.delay_s, self.port))
        self.process.start()

    def kill(self) -> None:
        """SIGKILL it, and return when it is gone."""
        if self.process:
            self.process.kill()
            self.process.join()

    def sampled(self) -> list[Sampled]:
        """Every completion so far, of all its lives."""
        lines = self.log.read_bytes().splitlines() if self.log.exists() else []
        return [Sampled(said["at"], tuple(said["prompt"])) for said in map(orjson.loads, lines)]

    def count(self) -> int:
        """How many completions there are so far."""
        return self.log.read_bytes().count(b"\n") if self.log.exists() else 0


@contextmanager
def vllm_process(log: Path, reply: Reply, delay_s: float = 0.0) -> Iterator[VllmProcess]:
    """The server, started, and killed at the end of the block."""
    server = VllmProcess(log, reply, delay_s)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _serve(log: Path, reply: Reply, delay_s: float, port: int) -> None:
    fake = FakeVllm(delay_s=delay_s, kv_tokens=0, context=262_144, exchanges=Written(log))
    fake.reply = reply
    asyncio.run(serve(fake, port))
