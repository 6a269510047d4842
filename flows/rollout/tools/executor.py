"""Runs the tool calls of all attempts in threads and worker processes, within a time limit, and counts their faults.

A thread cannot be killed: a call that exceeds its time limit there keeps its thread until it returns.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self, TypeVar

from flows.environments.environment import Environment
from flows.environments.tool import Tool, ToolCall
from flows.rollout.tools.observation import Observation, ToolFault, execute
from flows.rollout.tools.workers import Workers
from flows.settings import Rollout
from sources.privacy.redaction import redact

T = TypeVar("T")
THREADS = 8
FIRST_WAIT_S = 0.1
"""Wait before the first retry of a faulty tool; it doubles with each retry."""


class Executor:
    """Threads and, for CPU-bound tools of environments without state, worker processes of one rollout.

    As many threads as `cores` make the calls that need the sandbox, so that those never keep the others waiting.
    """

    def __init__(self, limits: Rollout, workers: Workers | None = None, cores: int = 1) -> None:
        self.faults: Counter[str] = Counter()
        """Faults so far as `tool:kind`, one per try; kind is timeout, died, or the name of the exception."""
        self.limits, self.cores = limits, cores
        self._workers = workers
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tool")
        self._sandboxed = ThreadPoolExecutor(cores, thread_name_prefix="sandbox")
        self._queued = 0

    def __enter__(self) -> Self:
        if self.limits.redact:
            redact("")  # load the patterns now: the first call would otherwise wait about 1 s
        return self

    def __exit__(self, *_: object) -> None:
        if self._workers:
            self._workers.close()
        for threads in (self._threads, self._sandboxed):
            threads.shutdown(wait=False, cancel_futures=True)

    @property
    def queued(self) -> int:
        """Sandboxed calls that wait for a core now."""
        return max(0, self._queued - self.cores)

    async def run_once(self, environment: Environment, domain: str, tool: Tool, call: ToolCall) -> Observation:
        """Make a call once; raises TimeoutError or the environment's exception.

        A CPU-bound tool runs in a worker process, in the worker's own environment of the domain.
        """
        if tool.cpu_bound and self._workers:
            return await self._workers.run(domain, call)
        return await self.perform(environment, tool, call)

    async def perform(self, environment: Environment, tool: Tool, call: ToolCall) -> Observation:
        """Make a call in a thread, or in the order of arrival once a core of the sandbox is free.

        Raises TimeoutError or the environment's exception; the sandbox itself ends a command that takes too long.
        """
        asked = time.perf_counter()
        run_in = self.in_sandbox if tool.sandboxed else self.in_thread
        return await run_in(lambda: execute(environment, call, self.limits, asked))

    async def in_sandbox(self, work: Callable[[], T]) -> T:
        """Run work that starts sandboxed commands, each with its own limits, once a core is free."""
        self._queued += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._sandboxed, work)
        finally:
            self._queued -= 1

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Run blocking work; raises TimeoutError if it takes longer than a call may, without waiting for a thread."""
        begun: list[float] = []

        def run() -> T:
            begun.append(time.monotonic())
            return work()

        running, limit = asyncio.get_running_loop().run_in_executor(self._threads, run), self.limits.tool_timeout_s
        while True:
            left = limit - (time.monotonic() - begun[0] if begun else 0.0)
            if limit and left <= 0:
                raise TimeoutError
            done, _ = await asyncio.wait({running}, timeout=left if limit else None)
            if done:
                return running.result()

    async def retry(
        self, tool: str, tries: int, once: Callable[[], Awaitable[T]], after_fault: Callable[[], Awaitable[None]]
    ) -> T:
        """Try a call of a tool up to `tries` times, each fault counted and followed by `after_fault`.

        Raises ToolFault if the last try fails.
        """
        for retry in range(tries):
            try:
                return await once()
            except TimeoutError:
                kind, last = "timeout", f"took longer than {self.limits.tool_timeout_s} s"
            except Exception as error:
                kind = getattr(error, "kind", type(error).__name__)
                last = str(error) if hasattr(error, "kind") else f"{kind}: {error}"
            self.faults[f"{tool}:{kind}"] += 1
            if retry + 1 < tries:
                await asyncio.sleep(FIRST_WAIT_S * 2**retry)
                await after_fault()
        raise ToolFault(f"{tool} failed {tries} times, at last: {last}")
