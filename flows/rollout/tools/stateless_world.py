"""The world of an attempt whose environment has no state: all attempts of its domain share one.

Read-only calls of one turn run concurrently; each call that may write runs by itself and in its place.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from flows.environments.environment import Environment
from flows.environments.tool import Answer, Tool, ToolCall
from flows.rollout.tools.arguments import argument_error
from flows.rollout.tools.executor import Executor
from flows.rollout.tools.observation import Observation, Performed, observe
from flows.rollout.tools.recorded import Recorded
from schemas.task import Hidden
from schemas.trajectory import Trajectory
from schemas.verdict import Outcome

Tools = Mapping[str, Tool]


@dataclass(frozen=True)
class StatelessWorld:
    """The tools of one attempt in a shared environment."""

    executor: Executor
    domain: str
    environment: Environment
    tools: Tools
    """The tools that the task allows, by name."""

    async def call_all(self, calls: Sequence[ToolCall]) -> Performed:
        """Run the calls of one turn. Raises ToolFault if one fails on every try; those after it are not started."""
        if len(calls) == 1:
            return Performed([await self._call(calls[0])])
        observations: list[Observation] = []
        for concurrent in _rounds(calls, self.tools):
            results = await asyncio.gather(*map(self._call, concurrent), return_exceptions=True)
            for result in results:
                if isinstance(result, BaseException):
                    raise result
                observations.append(result)
        return Performed(observations)

    async def open(self, recorded: Recorded) -> None:
        """The environment is open, and nothing is to be made again."""

    async def finish(self, answer: str | None, hidden: Hidden | None, trajectory: Trajectory) -> Outcome | None:
        """There is no state, hence no outcome."""
        return None

    def notes(self) -> str:
        """There is no state, hence no notes."""
        return ""

    async def close(self) -> None:
        """The environment stays open for other attempts."""

    async def remove(self) -> None:
        """The environment stays open for other attempts."""

    async def _call(self, call: ToolCall) -> Observation:
        executor = self.executor
        if error := argument_error(call, self.tools):
            return observe(call, Answer(error, "blocked"), executor.limits, 0.0)
        tool = self.tools[call.name]
        tries = (executor.limits.tool_retries if tool.read_only else 0) + 1
        return await executor.retry(
            tool.name, tries, lambda: executor.run_once(self.environment, self.domain, tool, call), _nothing
        )


async def _nothing() -> None:
    """Nothing to rebuild after a fault."""


def _rounds(calls: Sequence[ToolCall], tools: Tools) -> Iterator[list[ToolCall]]:
    """The calls in order, grouped: neighbouring read-only ones together, each call that may write by itself."""

    def writer(placed: tuple[int, ToolCall]) -> int | None:
        place, call = placed
        return place if call.name in tools and not tools[call.name].read_only else None

    for _, group in groupby(enumerate(calls), writer):
        yield [call for _, call in group]
