"""The world of one attempt in an environment with state: its calls, its checkpoints, and its rebuilding.

A world never outlives a fault or its process. It is opened afresh and brought to the last checkpoint; calls that are
made again must give the recorded observations, since the agent has read those. A write is tried once more after that,
never in place.
"""

import asyncio
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from flows.environments.environment import SANDBOX, Environment, EnvironmentKind, FinalState, examined, outcome_row
from flows.environments.notes import Notes, notes_text
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Tool, ToolCall
from flows.rollout.tools.arguments import argument_error
from flows.rollout.tools.executor import Executor
from flows.rollout.tools.observation import Observation, Performed, ToolFault, observe
from flows.rollout.tools.recorded import Recorded
from schemas.task import Hidden, Task
from schemas.trajectory import Trajectory
from schemas.verdict import Outcome

WRITE_TRIES = 2
EXAMINATION = "examination"
"""Name under which faults of examinations are counted."""


class WorldDiffers(Exception):
    """The same calls did not lead a fresh world to the recorded observations and state; the message names the first."""


@dataclass
class StatefulWorld:
    """The world of one attempt."""

    executor: Executor
    kind: EnvironmentKind
    task: Task
    resources: Resources
    folder: Path
    """Folder of the attempt, which an environment that keeps files creates."""
    tools: Mapping[str, Tool]
    """The tools that the task allows, by name."""
    recorded: Recorded = field(default_factory=Recorded)
    n_restores: int = 0
    seconds: float = 0.0
    _environment: Environment | None = None
    _made: list[tuple[ToolCall, str]] = field(default_factory=list)
    """Calls since the last checkpoint."""

    async def open(self, recorded: Recorded) -> None:
        """Open the world and bring it to the recorded state. Raises WorldDiffers, ToolFault."""
        self.recorded = recorded
        await self.executor.retry(self.kind.name, WRITE_TRIES, self._build, self.close)
        self.n_restores = 1 if recorded.checkpoint else 0

    async def call_all(self, calls: Sequence[ToolCall]) -> Performed:
        """Make the calls of one turn one after another. Raises ToolFault, WorldDiffers."""
        observations = [await self._call(call) for call in calls]
        checkpoint = await self.executor.in_thread(self._world().checkpoint)
        self.recorded = Recorded([*self.recorded.calls, *self._made], checkpoint)
        self._made = []
        return Performed(observations, checkpoint)

    async def finish(self, answer: str | None, hidden: Hidden | None, trajectory: Trajectory) -> Outcome:
        """The final state and its examination as a row of the lake. Raises ToolFault."""

        retry = self.executor.retry
        final = await retry(self.kind.name, WRITE_TRIES, lambda: self._final(answer), self._rebuild)

        async def finish_again() -> None:
            nonlocal final
            await self._rebuild()
            final = await self._final(answer)

        checks, seconds = await retry(EXAMINATION, WRITE_TRIES, lambda: self._examined(hidden), finish_again)
        final = replace(final, checks={**final.checks, **checks})
        row = outcome_row(self.kind, final, trajectory.trajectory_id, trajectory.run_id)
        counted = {"n_restores": self.n_restores, "seconds": self.seconds, "examination_seconds": seconds}
        return row.model_copy(update=counted)

    def notes(self) -> str:
        """The notes of the agent as one text; empty if there are none, or the environment has no place for them."""
        return notes_text(self._environment.notes) if isinstance(self._environment, Notes) else ""

    async def close(self) -> None:
        """End the world and keep its files: the attempt may resume."""
        environment, self._environment = self._environment, None
        if environment:
            await asyncio.to_thread(environment.close)

    async def remove(self) -> None:
        """End the world and delete its files: the attempt has ended."""
        await self.close()
        await asyncio.to_thread(shutil.rmtree, self.folder, ignore_errors=True)

    async def _call(self, call: ToolCall) -> Observation:
        limits = self.executor.limits
        if error := argument_error(call, self.tools):
            return observe(call, Answer(error, "blocked"), limits, 0.0)
        tries = limits.tool_retries + 1 if self.tools[call.name].read_only else WRITE_TRIES
        made = await self.executor.retry(call.name, tries, lambda: self._once(call), self._rebuild)
        self._made.append((call, str(made.content_sha256)))
        self.seconds += made.seconds
        return made

    async def _once(self, call: ToolCall) -> Observation:
        return await self.executor.perform(self._world(), self.tools[call.name], call)

    async def _final(self, answer: str | None) -> FinalState:
        environment = self._world()
        return await self.executor.in_thread(lambda: environment.finish(answer))

    async def _examined(self, hidden: Hidden | None) -> tuple[Mapping[str, object], float | None]:
        """The checks of the examination, and its seconds; (none, None) if there is nothing to examine."""
        if self.kind.examine is None or hidden is None:
            return {}, None
        world = self._world()

        def timed() -> tuple[Mapping[str, object], float]:
            started = time.perf_counter()
            checks = examined(self.kind, world, hidden, self.resources, self.folder)
            return checks, time.perf_counter() - started

        run_in = self.executor.in_sandbox if SANDBOX in self.kind.needs else self.executor.in_thread
        return await run_in(timed)

    def _world(self) -> Environment:
        if self._environment is None:
            raise ToolFault(f"the world of the environment {self.kind.name} is not open")
        return self._environment

    async def _rebuild(self) -> None:
        """Open a fresh world at the last checkpoint, and make the calls since then again."""
        await self.close()
        self.n_restores += 1
        await self._build()

    async def _build(self) -> None:
        self._environment = await asyncio.to_thread(self._built)

    def _built(self) -> Environment:
        environment = self.kind.open(self.task.setup, self.resources, self.folder)
        recorded = self.recorded
        try:
            if recorded.checkpoint:
                answers = environment.restore(recorded.checkpoint, [call for call, _ in recorded.calls])
                for (call, seen), answer in zip(recorded.calls, answers, strict=False):
                    self._compare(call, seen, answer)
                if environment.checkpoint().digest != recorded.checkpoint.digest:
                    raise WorldDiffers(f"{len(recorded.calls)} calls made again lead to another state")
            for call, seen in self._made:
                self._compare(call, seen, environment.act(call))
        except BaseException:
            environment.close()
            raise
        return environment

    def _compare(self, call: ToolCall, seen: str, answer: Answer) -> None:
        if self.tools[call.name].volatile:
            return
        if observe(call, answer, self.executor.limits, 0.0).content_sha256 != seen:
            raise WorldDiffers(f"{call.name}, made again, gives another observation")
