"""The fake vLLM server as a separate process, which tests kill and restart on the same port.

Each completion that was sent back is one line of a file, so that a kill loses no count. The server has no KV cache: its
contents would depend on the moment of a kill, and the tests compare rows.
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


class FileExchanges(list[Exchange]):
    """Exchanges that are written to a file and not kept in memory."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY)

    def append(self, exchange: Exchange) -> None:
        os.write(self._file, orjson.dumps({"at": time.monotonic(), "prompt": exchange.prompt_ids}) + b"\n")


@dataclass(frozen=True)
class Sampled:
    """A sampled completion: its time (seconds of the machine's monotonic clock) and its prompt ids."""

    at: float
    prompt: tuple[int, ...]


@dataclass
class VllmProcess:
    """A server that samples `reply`, a module-level function, `delay_s` seconds after each prompt."""

    log: Path
    reply: Reply
    delay_s: float = 0.0
    port: int = field(default_factory=free_port)
    process: ForkServerProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the process; it listens a moment later."""
        self.process = CONTEXT.Process(target=_serve, args=(self.log, self.reply, self.delay_s, self.port))
        self.process.start()

    def kill(self) -> None:
        """Send SIGKILL and wait until the process is gone."""
        if self.process:
            self.process.kill()
            self.process.join()

    def sampled(self) -> list[Sampled]:
        """Every completion so far, over all restarts."""
        lines = self.log.read_bytes().splitlines() if self.log.exists() else []
        return [Sampled(line["at"], tuple(line["prompt"])) for line in map(orjson.loads, lines)]

    def count(self) -> int:
        """Number of completions so far."""
        return self.log.read_bytes().count(b"\n") if self.log.exists() else 0


@contextmanager
def vllm_process(log: Path, reply: Reply, delay_s: float = 0.0) -> Iterator[VllmProcess]:
    """A started server, killed at the end of the block."""
    server = VllmProcess(log, reply, delay_s)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _serve(log: Path, reply: Reply, delay_s: float, port: int) -> None:
    fake = FakeVllm(delay_s=delay_s, kv_tokens=0, context=262_144, exchanges=FileExchanges(log))
    fake.reply = reply
    asyncio.run(serve(fake, port))
