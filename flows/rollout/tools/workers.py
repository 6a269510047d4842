"""The rollout's side of its tool workers: one thread and one process each, started when first needed.

What takes too long is ended with its process, and the next call starts another. Nothing here waits for a
worker to end by itself: it is killed, or its input closes when the rollout is gone.
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

from flows.rollout.protocol import Call
from flows.rollout.tools.observation import Observation
from flows.rollout.tools.worker_process import READY

START_S = 60.0
"""Longest start of a worker: Python, its imports and the opened index."""
TAIL_CHARS = 500
READ_BYTES = 1 << 16


class WorkerFault(Exception):
    """A call was not made; `kind` is `died`, or the name of the error that the tool raised."""

    def __init__(self, kind: str, said: str) -> None:
        super().__init__(f"{kind}: {said}")
        self.kind = kind


class Workers:
    """As many workers as asked for; `timeout_s` is the longest that one call may take, 0 for no limit."""

    def __init__(self, command: Sequence[str], count: int, timeout_s: float) -> None:
        self._command = command
        self._timeout_s = timeout_s or None
        self._threads = ThreadPoolExecutor(max(1, count), thread_name_prefix="worker")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._running: set[Worker] = set()
        self._closed = False

    async def ask(self, call: Call) -> Observation:
        """Have a call made by the next free worker; raises TimeoutError or WorkerFault.

        The time that a call waits for a worker is not counted.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, call)

    def pids(self) -> list[int]:
        """The processes that run."""
        return [worker.process.pid for worker in self._running]

    def close(self) -> None:
        """End all workers now, whatever they do."""
        with self._lock:
            self._closed = True
            ending = list(self._running)
        for worker in ending:
            worker.end()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _ask(self, call: Call) -> Observation:
        worker = getattr(self._own, "worker", None) or self._start()
        request = json.dumps({"id": call.id, "name": call.name, "arguments": call.arguments}).encode() + b"\n"
        try:
            reply = json.loads(worker.ask(request, self._timeout_s))
        except (TimeoutError, WorkerFault):
            self._own.worker = None
            self._running.discard(worker)
            worker.end()
            raise
        if "fault" in reply:
            raise WorkerFault(reply["fault"], reply["said"])
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
    """One process; used by one thread at a time. `end` may be called by any."""

    def __init__(self, command: Sequence[str]) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, start_new_session=True
        )
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("a worker was started without pipes")
        self._asked, self._said = self.process.stdin, self.process.stdout
        self._ready = False
        self._unread = b""

    def ask(self, request: bytes, timeout_s: float | None) -> bytes:
        """Send a line and read one; raises TimeoutError, or WorkerFault with the end of what the process said."""
        if not self._ready:
            if self._line(START_S) != READY:
                raise self._died()
            self._ready = True
        try:
            self._asked.write(request)
            self._asked.flush()
        except OSError:
            raise self._died() from None
        return self._line(timeout_s)

    def end(self) -> None:
        """Kill the process and wait until it is gone."""
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        for pipe in (self._asked, self._said, self._errors):
            with contextlib.suppress(OSError):
                pipe.close()

    def _line(self, timeout_s: float | None) -> bytes:
        deadline = time.monotonic() + timeout_s if timeout_s else None
        source = self._said.fileno()
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
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - TAIL_CHARS))
        said = self._errors.read().decode("utf-8", "replace").strip()
        return WorkerFault("died", f"a tool worker ended with status {status}. {said}".strip())
