"""One worker process and its pipes, read and written by the event loop; it answers one call at a time."""

import asyncio
import contextlib
import os
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flows.rollout.tools.worker_process import READY

START_S = 60.0
"""Time limit for the start of a worker: Python, its imports and opening the index."""
EXIT_S = 1.0
"""Time in which a process that closed its output has to end; it is killed then."""
MAX_ERROR_CHARS = 500
"""Characters of a dead worker's standard error, from its end, that the fault quotes."""
READ_BYTES = 1 << 16


class WorkerFault(Exception):
    """A call failed; `kind` is `died` if the process exited, else the name of the tool's exception."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


@dataclass(frozen=True, eq=False)
class Request:
    """A call as a line, and the future of the line that answers it; a call that was given up has cancelled it."""

    line: bytes
    reply: "asyncio.Future[bytes]"

    def fail(self, error: Exception) -> None:
        """Raise the error where the call is awaited."""
        if not self.reply.done() and not self.reply.get_loop().is_closed():
            self.reply.set_exception(error)


class Worker:
    """One process, used on the event loop on which it is made. It calls `answered` when it is free, `ended` at its end.

    `timeout_s` is the time limit of one call, None for none.
    """

    def __init__(
        self,
        command: Sequence[str],
        timeout_s: float | None,
        answered: Callable[["Worker"], None],
        ended: Callable[["Worker"], None],
    ) -> None:
        self._loop, self._timeout_s = asyncio.get_running_loop(), timeout_s
        self._answered, self._ended = answered, ended
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            bufsize=0,
            start_new_session=True,
        )
        if self.process.stdin is None or self.process.stdout is None:
            raise RuntimeError("a worker was started without pipes")
        self._stdin, self._stdout = self.process.stdin, self.process.stdout
        for pipe in (self._stdin, self._stdout):
            os.set_blocking(pipe.fileno(), False)
        self._ready, self._writing, self._unread, self._unsent = False, False, b"", b""
        self._request: Request | None = None
        self._deadline: float | None = self._loop.time() + START_S
        self._timer: asyncio.TimerHandle | None = None
        self._loop.add_reader(self._stdout.fileno(), self._read)
        self._watch()

    def send(self, request: Request) -> None:
        """Make a call; the worker must be free."""
        self._request = request
        if self._ready:
            self._begin()

    def end(self, error: Exception) -> None:
        """Kill the process, wait until it has exited, and fail the call that it was making."""
        if not self._loop.is_closed():
            self._loop.remove_reader(self._stdout.fileno())
            self._loop.remove_writer(self._stdin.fileno())
        self._stop_timer()
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        for pipe in (self._stdin, self._stdout, self._errors):
            with contextlib.suppress(OSError):
                pipe.close()
        request, self._request = self._request, None
        self._ended(self)
        if request:
            request.fail(error)

    def _begin(self) -> None:
        """Send the call. Its time starts now."""
        if self._request is None:
            return
        self._deadline = self._loop.time() + self._timeout_s if self._timeout_s else None
        self._watch()
        self._unsent = self._request.line
        self._write()

    def _watch(self) -> None:
        """Look at the deadline when it is due; one timer does for all calls that end in time."""
        if self._deadline and not self._timer:
            self._timer = self._loop.call_at(self._deadline, self._check_deadline)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _check_deadline(self) -> None:
        self._timer = None
        if self._deadline and self._loop.time() >= self._deadline:
            self.end(TimeoutError())
        else:
            self._watch()

    def _write(self) -> None:
        """Send what the pipe takes of the call, and the rest when it takes more."""
        try:
            self._unsent = self._unsent[os.write(self._stdin.fileno(), self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self._die()
            return
        if self._unsent:
            self._loop.add_writer(self._stdin.fileno(), self._write)
        elif self._writing:
            self._loop.remove_writer(self._stdin.fileno())
        self._writing = bool(self._unsent)

    def _read(self) -> None:
        try:
            read = os.read(self._stdout.fileno(), READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            read = b""
        if not read:
            self._die()
            return
        self._unread += read
        if b"\n" in read:
            line, _, self._unread = self._unread.partition(b"\n")
            self._take(line + b"\n")

    def _take(self, line: bytes) -> None:
        """The worker is ready, or has answered."""
        self._deadline = None
        if self._ready:
            request, self._request = self._request, None
            if request and not request.reply.done():
                request.reply.set_result(line)
            self._answered(self)
        elif line == READY:
            self._ready = True
            self._stop_timer()
            self._begin()
        else:
            self._die()

    def _die(self) -> None:
        """End a process that has closed its pipes; the fault gives its status and the end of its error output."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(EXIT_S)
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - MAX_ERROR_CHARS))
        output = self._errors.read().decode("utf-8", "replace").strip()
        self.end(WorkerFault("died", f"a tool worker ended with status {self.process.poll()}. {output}".strip()))
