"""Plays a policy of the domain in a real world, and gives the rows that the verifiers judge."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from flows.domains.contract import Draft, Finished, Play, Refused
from flows.domains.general_agentic import DOMAIN
from flows.domains.seeds import Seed
from flows.environments.environment import Checkpoint, FinalState
from flows.environments.resources import Resources
from flows.environments.services import SERVICES
from flows.environments.tool import Answer, ToolCall
from schemas.task import Hidden, Task
from schemas.trajectory import Trajectory
from schemas.verdict import Outcome

NIGHT, NOW = "2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Played:
    """A finished play."""

    calls: list[ToolCall]
    answers: list[Answer]
    checkpoint: Checkpoint
    final: FinalState
    said: str | None


@cache
def drafts(composer: str, count: int, first: int = 0) -> tuple[Draft, ...]:
    """Drafts of the composer from so many seeds; the seeds that it refuses are left out."""
    compose = next(one.compose for one in DOMAIN.composers if one.name == composer)
    made = []
    for number in range(first, first + count):
        try:
            made.append(compose(Seed(number, 7_919 * number + 13), lambda system, user: ""))
        except Refused:
            continue
    return tuple(made)


def rows(draft: Draft, task_id: str = "t1") -> tuple[Task, Hidden]:
    """The records of a draft, as a night stores them."""
    given: dict[str, Any] = {
        name: getattr(draft, name)
        for name in ("instruction", "answer", "evidence", "path", "setup", "hops", "created_at")
    }
    task = Task(
        **given,
        task_id=task_id,
        domain="general_agentic",
        tools=[tool.name for tool in SERVICES.tools(draft.setup, "chat")],
        verifiers=list(draft.verifiers or ()),
        max_turns=draft.max_turns or 0,
        max_tokens=1,
        max_seconds=1,
        samples=1,
        difficulty=json.dumps(draft.difficulty),
        composer="c",
        composer_version="1",
        prompt_sha256=None,
        run_id=NIGHT,
        **({"answer_form": draft.answer_form} if "answer_form" in Task.model_fields else {}),
    )
    return task, Hidden(task_id=task_id, goal=draft.goal, oracle=draft.oracle, run_id=NIGHT)


def play(task: Task, script: Play) -> Played:
    """Run a script to its end, or to the task's last turn."""
    world = SERVICES.open(task.setup, Resources(), Path())
    tools = {tool.name: tool for tool in world.tools()}
    calls, answers, said = list[ToolCall](), list[Answer](), None
    try:
        wanted = next(script)
        while True:
            found = [_act(world, tools, call) for call in wanted]
            calls += wanted
            answers += found
            wanted = script.send(found)
    except StopIteration as end:
        said = end.value
    played = Played(calls, answers, world.checkpoint(), world.finish(said), said)
    world.close()
    return played


def _act(world: Any, tools: Any, call: ToolCall) -> Answer:
    if call.name not in tools:
        return Answer(f"There is no tool {call.name}.", "blocked")
    error = tools[call.name].invalid(call.arguments)
    return Answer(error, "blocked") if error else world.act(call)


def finished(task: Task, hidden: Hidden | None, played: Played) -> Finished:
    """The rows of the play."""
    trajectory = Trajectory.model_construct(  # type: ignore[call-arg]
        trajectory_id="a1", task_id=task.task_id, answer=played.said, run_id=NIGHT
    )
    outcome = Outcome(
        trajectory_id="a1",
        environment=SERVICES.name,
        environment_version=SERVICES.version,
        digest=played.final.digest,
        artifacts="[]",
        checks=json.dumps(played.final.checks),
        limits=[],
        n_restores=0,
        seconds=0,
        run_id=NIGHT,
    )
    return Finished(task, trajectory, [], outcome, hidden)


def verdicts(task: Task, hidden: Hidden, played: Played) -> dict[str, str]:
    """Verifier -> reason."""
    rows_of = finished(task, hidden, played)
    return {one.name: one.judge(rows_of).reason for one in DOMAIN.verifiers}


def solved(task: Task, hidden: Hidden, played: Played) -> bool:
    """True if every verifier of the task passes."""
    found = verdicts(task, hidden, played)
    return all(found[name] == "ok" for name in task.verifiers)


def scripted(calls: Sequence[ToolCall]) -> Play:
    """A script of fixed calls, one a turn."""
    for call in calls:
        yield [call]
    return "done"


Script = Callable[[Task, Hidden | None], Play]
