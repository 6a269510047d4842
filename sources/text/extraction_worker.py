"""One worker process that takes a call at a time over a socket, without threads in the process that calls.

A pool of the standard library hands each call and each result from thread to thread: for small pages that takes a
fifth of the time of the process of a crawl.
"""

import asyncio
import pickle
import traceback
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from socket import socket, socketpair
from struct import Struct
from typing import Any, cast

from sources.worker_process import follow_parent, worker_context

LENGTH = Struct("!Q")
"""Begins a message: the number of bytes that follow."""
BUFFER = 4_000_000
"""Bytes of a result that are read ahead."""


class WorkerDied(Exception):
    """The worker process ended during the call: a crash, memory exhaustion, or the CPU limit."""


class ExtractionWorker:
    """A worker process, started by its first call or by `start`. After an error of `call` it takes no further one."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def start(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Start the process unless it runs."""
        if self._streams is None:
            ours, theirs = socketpair()
            with theirs:
                self._process = worker_context().Process(target=_answer_calls, args=(theirs,))
                await asyncio.to_thread(self._process.start)
            self._streams = await asyncio.open_unix_connection(sock=ours, limit=BUFFER)
        return self._streams

    async def call(self, function: Callable[..., object], *args: object) -> tuple[Any, Exception | None]:
        """Return the function's result, or its error. Raises WorkerDied."""
        request = pickle.dumps((function, args), pickle.HIGHEST_PROTOCOL)
        reader, writer = await self.start()
        try:
            writer.writelines((LENGTH.pack(len(request)), request))
            await writer.drain()
            (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
            answer = pickle.loads(await reader.readexactly(size))  # noqa: S301 (of our own process)
        except (OSError, EOFError) as error:
            raise WorkerDied("the worker process ended: a crash, or more CPU time than a page may take") from error
        return cast("tuple[Any, Exception | None]", answer)

    def kill(self) -> None:
        """End the process now, also in the middle of a call."""
        self._close()
        if self._process is not None and self._process.pid is not None:
            self._process.kill()

    async def end(self) -> None:
        """End the process after its call, and wait for that."""
        self._close()
        if self._process is not None and self._process.pid is not None:
            await asyncio.to_thread(self._process.join)

    def _close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


def _answer_calls(calls: socket) -> None:
    """Answer calls, in the worker process, until the caller closes its end of the socket."""
    follow_parent()
    with calls.makefile("rwb") as stream:
        while len(head := stream.read(LENGTH.size)) == LENGTH.size:
            answer = _answer(stream.read(LENGTH.unpack(head)[0]))
            try:
                stream.write(LENGTH.pack(len(answer)))
                stream.write(answer)
                stream.flush()
            except OSError:  # the caller has closed its end
                return


def _answer(request: bytes) -> bytes:
    """Run one call; the answer is the pickled pair of its result and None, or of None and its error."""
    try:
        function, args = pickle.loads(request)  # noqa: S301 (of our own process)
        return pickle.dumps((function(*args), None), pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        error.add_note(traceback.format_exc())
        try:
            return pickle.dumps((None, error), pickle.HIGHEST_PROTOCOL)
        except Exception:  # some errors cannot be pickled, their message can
            return pickle.dumps((None, RuntimeError(f"{type(error).__name__}: {error}")), pickle.HIGHEST_PROTOCOL)
