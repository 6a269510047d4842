"""The rollout's side of its worker processes: one thread per process, each started when it is first needed.

A call that takes too long is ended by killing its process; the next call starts another one. Nothing here waits for a
process to exit by itself: it is killed, or its input closes when the rollout ends.
"""

import asyncio
import contextlib
import json
import os
import select
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson

from flows.environments.tool import ToolCall
from flows.rollout.tools.observation import Observation
from flows.rollout.tools.worker_process import READY

START_S = 60.0
"""Time limit for the start of a worker: Python, its imports and opening the index."""
MAX_ERROR_CHARS = 500
"""Characters of a dead worker's standard error, from its end, that the fault quotes."""
READ_BYTES = 1 << 16


class WorkerFault(Exception):
    """A call failed; `kind` is `died` if the process exited, else the name of the tool's exception."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class Workers:
    """At most `count` worker processes; `timeout_s` is the time limit of one call, 0 for none."""

    def __init__(self, command: Sequence[str], count: int, timeout_s: float) -> None:
        self._command = command
        self._timeout_s = timeout_s or None
        self._threads = ThreadPoolExecutor(max(1, count), thread_name_prefix="worker")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._running: set[Worker] = set()
        self._closed = False

    async def run(self, domain: str, call: ToolCall) -> Observation:
        """Run a call of a domain's tool in the next free worker; raises TimeoutError or WorkerFault.

        Waiting for a free worker does not count towards the time limit.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run, domain, call)

    def pids(self) -> list[int]:
        """Process ids of the running workers."""
        return [worker.process.pid for worker in self._running]

    def close(self) -> None:
        """Kill all workers now, in the middle of a call too."""
        with self._lock:
            self._closed = True
            running = list(self._running)
        for worker in running:
            worker.end()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, domain: str, call: ToolCall) -> Observation:
        worker = getattr(self._own, "worker", None) or self._start()
        request = {"domain": domain, "call": {"id": call.id, "name": call.name, "arguments": call.arguments}}
        try:
            reply = orjson.loads(worker.request(_line(request), self._timeout_s))
        except (TimeoutError, WorkerFault):
            self._own.worker = None
            self._running.discard(worker)
            worker.end()
            raise
        if "fault" in reply:
            raise WorkerFault(reply["fault"], reply["message"])
        return Observation(**reply)

    def _start(self) -> "Worker":
        with self._lock:
            if self._closed:
                raise WorkerFault("died", "the rollout is ending")
            worker = Worker(self._command)
            self._running.add(worker)
        self._own.worker = worker
        return worker


class Worker:
    """One process, used by one thread at a time; any thread may call `end`."""

    def __init__(self, command: Sequence[str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, start_new_session=True
        )
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("a worker was started without pipes")
        self._stdin, self._stdout = self.process.stdin, self.process.stdout
        self._ready = False
        self._unread = b""

    def request(self, line: bytes, timeout_s: float | None) -> bytes:
        """Send a line and read one; raises TimeoutError, or WorkerFault with the end of the process's error output."""
        if not self._ready:
            if self._line(START_S) != READY:
                raise self._died()
            self._ready = True
        try:
            self._stdin.write(line)
            self._stdin.flush()
        except OSError:
            raise self._died() from None
        return self._line(timeout_s)

    def end(self) -> None:
        """Kill the process and wait until it has exited."""
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        for pipe in (self._stdin, self._stdout, self._errors):
            with contextlib.suppress(OSError):
                pipe.close()

    def _line(self, timeout_s: float | None) -> bytes:
        deadline = time.monotonic() + timeout_s if timeout_s else None
        source = self._stdout.fileno()
        ready = select.poll()
        ready.register(source, select.POLLIN)
        while b"\n" not in self._unread:
            left = max(0.0, deadline - time.monotonic()) * 1000 if deadline else None
            if not ready.poll(left):
                raise TimeoutError
            read = os.read(source, READ_BYTES)
            if not read:
                raise self._died()
            self._unread += read
        line, _, self._unread = self._unread.partition(b"\n")
        return line + b"\n"

    def _died(self) -> WorkerFault:
        status = self.process.wait()
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - MAX_ERROR_CHARS))
        output = self._errors.read().decode("utf-8", "replace").strip()
        return WorkerFault("died", f"a tool worker ended with status {status}. {output}".strip())


def _line(request: dict[str, Any]) -> bytes:
    """The request as JSON in a line; `json` writes integers of more than 64 bits, which a model may pass."""
    try:
        return orjson.dumps(request, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        return json.dumps(request).encode() + b"\n"
