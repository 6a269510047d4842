"""Runs an agent's tool calls: concurrently if they are read-only, within time limits, with retries after a fault.

A mistake of the agent (an unknown tool, invalid arguments, a wrong address) becomes an observation that explains it. A
fault of the tool is retried with exponential backoff and then raised: it never reaches the model as text.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby
from typing import Self

from flows.domains import domains
from flows.domains.contract import Answer, Resources, Tool, ToolCall, ToolSpec
from flows.rollout.tools.arguments import argument_error
from flows.rollout.tools.observation import Observation, ToolFault, execute, observe
from flows.rollout.tools.worker_process import command
from flows.rollout.tools.workers import Workers
from flows.settings import Rollout
from sources.privacy.redaction import redact

THREADS = 8
FIRST_WAIT_S = 0.1
"""Wait before the first retry of a faulty tool; it doubles with each retry."""

Tools = Mapping[str, Tool]


class Toolbox:
    """The tools of all domains in one rollout, by domain and name, with limits on time and length.

    With `workers`, CPU-bound tools run in worker processes, which are killed at the time limit. Without, all tools run
    in threads, which cannot be killed.
    """

    def __init__(
        self,
        tools: Mapping[str, Iterable[Tool]],
        resources: Resources,
        limits: Rollout,
        workers: Workers | None = None,
    ) -> None:
        self.faults: Counter[str] = Counter()
        """Faults so far as `tool:kind`, one per try; kind is timeout, died, or the name of the exception."""
        self._tools = {domain: {tool.name: tool for tool in offered} for domain, offered in tools.items()}
        self._resources, self._limits = resources, limits
        self._workers = workers
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tool")

    def __enter__(self) -> Self:
        if self._limits.redact:
            redact("")  # load the patterns now: the first call would otherwise wait about 1 s
        return self

    def __exit__(self, *_: object) -> None:
        if self._workers:
            self._workers.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def specs(self, domain: str, names: Iterable[str]) -> tuple[ToolSpec, ...]:
        """The named tools of a domain as the model sees them; names that this rollout does not offer are left out."""
        tools = self._tools[domain]
        return tuple(tools[name].spec for name in names if name in tools)

    async def call_all(self, domain: str, calls: Sequence[ToolCall], allowed: Iterable[str]) -> list[Observation]:
        """Run the calls of one turn: read-only ones concurrently, each other one by itself and in its place.

        Raises ToolFault if a call fails on every try; the calls after it are then not started.
        """
        tools = {name: self._tools[domain][name] for name in set(allowed) & self._tools[domain].keys()}
        observations: list[Observation] = []
        for concurrent in _rounds(calls, tools):
            results = await asyncio.gather(
                *(self._call(call, domain, tools) for call in concurrent), return_exceptions=True
            )
            for result in results:
                if isinstance(result, BaseException):
                    raise result
                observations.append(result)
        return observations

    async def _call(self, call: ToolCall, domain: str, tools: Tools) -> Observation:
        started = time.monotonic()
        error = argument_error(call, tools)
        if error:
            observation = observe(call, Answer(error, "blocked"), self._limits, 0.0)
        else:
            observation = await self._retry(tools[call.name], call, domain)
        return replace(observation, seconds=time.monotonic() - started)

    async def _retry(self, tool: Tool, call: ToolCall, domain: str) -> Observation:
        tries, last = (self._limits.tool_retries if tool.read_only else 0) + 1, ""
        for retry in range(tries):
            if retry:
                await asyncio.sleep(FIRST_WAIT_S * 2 ** (retry - 1))
            try:
                return await self._run_once(tool, call, domain)
            except TimeoutError:
                kind, last = "timeout", f"took longer than {self._limits.tool_timeout_s} s"
            except Exception as error:
                kind = getattr(error, "kind", type(error).__name__)
                last = str(error) if hasattr(error, "kind") else f"{kind}: {error}"
            self.faults[f"{tool.name}:{kind}"] += 1
        raise ToolFault(f"{tool.name} failed {tries} times, at last: {last}")

    async def _run_once(self, tool: Tool, call: ToolCall, domain: str) -> Observation:
        if tool.cpu_bound and self._workers:
            return await self._workers.run(domain, call)
        work = asyncio.get_running_loop().run_in_executor(
            self._threads, execute, tool, call, self._resources, self._limits
        )
        return await asyncio.wait_for(work, self._limits.tool_timeout_s or None)


def _rounds(calls: Sequence[ToolCall], tools: Tools) -> Iterator[list[ToolCall]]:
    """The calls in order, grouped: neighbouring read-only ones together, each call that may write by itself."""

    def writer(placed: tuple[int, ToolCall]) -> int | None:
        place, call = placed
        return place if call.name in tools and not tools[call.name].read_only else None

    for _, group in groupby(enumerate(calls), writer):
        yield [call for _, call in group]


def open_toolbox(resources: Resources, dialect: str, limits: Rollout) -> Toolbox:
    """A toolbox with the tools of every domain in a dialect. Raises as `Resources.library`, before a worker starts."""
    resources.library  # noqa: B018 - opens the index
    tools = {name: one.tools_of(dialect) for name, one in domains().items()}
    count = limits.tool_workers
    workers = Workers(command(resources, dialect, limits), count, limits.tool_timeout_s) if count else None
    return Toolbox(tools, resources, limits, workers)
