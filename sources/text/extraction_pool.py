"""Worker processes for extraction, off the event loop, each of which may die without harm to the others.

A page can crash a parser, or keep it busy for ever. Each seat is a process of its own: the page that
breaks it fails alone, and the seat is filled again.
"""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

CPU_LIMIT_S = 30.0
"""Processor seconds that one call may use; its process is ended then."""


class SeatDied(Exception):
    """The worker process ended during the call: it crashed, ran out of memory, or out of time."""


class Seats:
    """So many worker processes; use as an async context manager."""

    def __init__(self, count: int | None = None) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        self._pools = [_pool() for _ in range(count or max(1, cores // 2))]
        self._free: asyncio.Queue[int] = asyncio.Queue()
        for index in range(len(self._pools)):
            self._free.put_nowait(index)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in self._pools:
            pool.shutdown(wait=error is None, cancel_futures=True)

    async def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run the function in a free worker; raises SeatDied, or what the function raised."""
        index = await self._free.get()
        try:
            calling = asyncio.get_running_loop().run_in_executor(self._pools[index], _timed, function, args, kwargs)
            return await calling
        except BrokenProcessPool as error:
            self._pools[index].shutdown(wait=False)
            self._pools[index] = _pool()
            raise SeatDied(f"the worker process ended: a crash, or more than {CPU_LIMIT_S:g} s of work") from error
        finally:
            self._free.put_nowait(index)


def _pool() -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["sources.text.extract", "trafilatura"])  # imported once, not by every worker
    return ProcessPoolExecutor(1, mp_context=context, initializer=_settle)


def _settle() -> None:
    """Ctrl-C is for the parent to handle; and no worker outlives a killed parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _timed(function: Callable[..., T], args: tuple[object, ...], kwargs: dict[str, object]) -> T:
    signal.setitimer(signal.ITIMER_VIRTUAL, CPU_LIMIT_S)  # unhandled, its signal ends the process
    try:
        return function(*args, **kwargs)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
