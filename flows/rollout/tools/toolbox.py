"""The toolbox makes an agent's calls: side by side where they change nothing, within limits, again after a fault.

What the agent got wrong (a name, an argument, an address) comes back as an observation that says so. What
went wrong with the tool itself is tried again and then raised: a fault never reaches the model as text.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby
from typing import Self

from flows.domains.search.tools import Skill, fault_of
from flows.rollout.protocol import Call, Tool
from flows.rollout.tools.observation import Answer, Observation, ToolFault, observe
from flows.rollout.tools.worker_process import Shelf, command, made
from flows.rollout.tools.workers import Workers
from flows.settings import Rollout
from sources.privacy.redaction import redact

THREADS = 8
FIRST_WAIT_S = 0.1
"""Wait before a faulty tool is tried again; it doubles each time."""


class Toolbox:
    """The skills of one rollout, with its limits on time and length.

    With `workers`, skills that keep a core busy run in processes, and what takes too long there is ended; else
    all of them run in threads, which nobody can end.
    """

    def __init__(self, skills: Iterable[Skill], limits: Rollout, workers: Workers | None = None) -> None:
        self.faults: Counter[str] = Counter()
        """Faults so far as `tool:kind`, each try counted; kind is timeout, died, or the error's name."""
        self._skills = {skill.name: skill for skill in skills}
        self._limits = limits
        self._workers = workers
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="tool")

    def __enter__(self) -> Self:
        if self._limits.redact:
            redact("")  # its patterns load before the first call, not in the middle of it
        return self

    def __exit__(self, *_: object) -> None:
        if self._workers:
            self._workers.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    def tools(self, names: Iterable[str]) -> tuple[Tool, ...]:
        """Those of the named tools that are here, as the model is told of them."""
        return tuple(self._skills[name].tool for name in names if name in self._skills)

    async def call_all(self, calls: Sequence[Call], allowed: Iterable[str]) -> list[Observation]:
        """Make the calls of one turn: those that change nothing side by side, each other one alone and in its place.

        Raises ToolFault when one keeps failing; what stands after it is then not begun.
        """
        names = set(allowed) & self._skills.keys()
        found: list[Observation] = []
        for beside in self._rounds(calls, names):
            heard = await asyncio.gather(*(self._call(call, names) for call in beside), return_exceptions=True)
            for one in heard:
                if isinstance(one, BaseException):
                    raise one
                found.append(one)
        return found

    def _rounds(self, calls: Sequence[Call], names: set[str]) -> Iterator[list[Call]]:
        def alone(placed: tuple[int, Call]) -> int | None:
            at, call = placed
            return at if call.name in names and not self._skills[call.name].read_only else None

        for _, beside in groupby(enumerate(calls), alone):
            yield [call for _, call in beside]

    async def _call(self, call: Call, names: set[str]) -> Observation:
        begun = time.monotonic()
        wrong = fault_of(call, names)
        if wrong:
            heard = observe(call, Answer(wrong, "blocked"), self._limits, 0.0)
        else:
            heard = await self._use(self._skills[call.name], call)
        return replace(heard, seconds=time.monotonic() - begun)

    async def _use(self, skill: Skill, call: Call) -> Observation:
        tries, last = (self._limits.tool_retries if skill.read_only else 0) + 1, ""
        for again in range(tries):
            if again:
                await asyncio.sleep(FIRST_WAIT_S * 2 ** (again - 1))
            try:
                return await self._once(skill, call)
            except TimeoutError:
                kind, last = "timeout", f"took longer than {self._limits.tool_timeout_s} s"
            except Exception as error:
                kind = getattr(error, "kind", type(error).__name__)
                last = str(error) if hasattr(error, "kind") else f"{kind}: {error}"
            self.faults[f"{skill.name}:{kind}"] += 1
        raise ToolFault(f"{skill.name} failed {tries} times, at last: {last}")

    async def _once(self, skill: Skill, call: Call) -> Observation:
        if skill.apart and self._workers:
            return await self._workers.ask(call)
        loop, limit = asyncio.get_running_loop(), self._limits.tool_timeout_s or None
        return await asyncio.wait_for(loop.run_in_executor(self._threads, made, skill, call, self._limits), limit)


def library_toolbox(shelf: Shelf, limits: Rollout) -> Toolbox:
    """A toolbox over a library; raises as `Shelf.skills`, before any worker is started."""
    skills, count = shelf.skills(), limits.tool_workers
    workers = Workers(command(shelf, limits), count, limits.tool_timeout_s) if count else None
    return Toolbox(skills, limits, workers)
