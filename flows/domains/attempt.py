"""Plays a scripted policy in the real environment of a task, and judges it with the task's verifiers.

No model and no tokens are involved: composing proves with it that a task can be solved and that no shortcut solves it.
A rehearsal plays the same policies through the real rollout.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flows.domains.contract import Domain, Finished, Judgement, Play
from flows.environments.environment import Environment, FinalState, examined, outcome_row
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Tool, ToolCall
from schemas.record import sha256_text
from schemas.task import Hidden, Task
from schemas.trajectory import Trajectory, Turn

Policy = Callable[[Task, Hidden | None], Play]
ENGINE = "scripted"
BLANK: dict[str, Any] = (
    dict.fromkeys(Turn.model_fields)
    | dict.fromkeys(("segment", "n_chars", "n_tokens", "bytes_dropped", "seconds"), 0)
    | {name: [] for name in ("token_ids", "sampled", "logprobs")}
)
BLANK_TURN = Turn.model_construct(**BLANK)
"""A turn without text and tokens; the rows of these attempts are never stored, so they are not validated."""
WHOLE_FORMS = {"state", "files"}
"""Forms of a truth whose verifiers judge other parts of it; verifiers of the other forms accept other spellings."""


@dataclass(frozen=True)
class Attempt:
    """The rows of a scripted attempt, and the judgement of each verifier that its task names."""

    finished: Finished
    judgements: Mapping[str, Judgement]

    def solved(self, process_verifiers: Iterable[str]) -> bool:
        """True if refine would keep it: accepted by a verifier of the outcome, of a final state by all of them."""
        process = set(process_verifiers)
        passed = [one.passed for name, one in self.judgements.items() if name not in process]
        return all(passed) and bool(passed) if self.finished.task.answer_form in WHOLE_FORMS else any(passed)


@dataclass(frozen=True)
class Player:
    """Plays policies of one domain; each attempt gets a world of its own, whose files are in `folder`."""

    domain: Domain
    resources: Resources
    folder: Path

    def play(self, task: Task, hidden: Hidden | None, policy: Policy) -> Attempt:
        """Play until the policy answers, or until the task's turns are used up.

        Verifiers read the hidden record; the policy gets it too, and only oracles may use it. Raises the errors of the
        policy and of the environment.
        """
        kind = self.domain.environment
        environment = kind.open(task.setup, self.resources, self.folder)
        try:
            allowed = {tool.name: tool for tool in environment.tools() if tool.name in task.tools}
            turns, answer = _played(environment, allowed, policy(task, hidden), task)
            trajectory = _trajectory(task, turns, answer)
            final = self._final(environment, answer, hidden) if kind.has_state else None
        finally:
            environment.close()
        outcome = outcome_row(kind, final, trajectory.trajectory_id, trajectory.run_id) if final else None
        finished = Finished(task, trajectory, turns, outcome, hidden)
        verifiers = {one.name: one for one in self.domain.verifiers}
        return Attempt(finished, {name: verifiers[name].judge(finished) for name in task.verifiers})

    def _final(self, environment: Environment, answer: str | None, hidden: Hidden | None) -> FinalState:
        final = environment.finish(answer)
        checks = examined(self.domain.environment, environment, hidden, self.resources, self.folder / "examination")
        return replace(final, checks={**final.checks, **checks})


def _played(
    environment: Environment, tools: Mapping[str, Tool], steps: Play, task: Task
) -> tuple[list[Turn], str | None]:
    """The turns of the attempt and its answer; the answer is None if the turns were used up."""
    turns: list[Turn] = []
    try:
        calls = next(steps)
        for _ in range(task.max_turns):
            turns.append(_calls_turn(task, len(turns), calls))
            answers = [_answer(environment, tools, call) for call in calls]
            turns += [
                _tool_turn(task, place, call, one)
                for place, (call, one) in enumerate(zip(calls, answers, strict=True), len(turns))
            ]
            calls = steps.send(answers)
    except StopIteration as end:
        turns.append(_turn(task, len(turns), "assistant", content=end.value, parse="ok"))
        return turns, end.value
    return turns, None


def _answer(environment: Environment, tools: Mapping[str, Tool], call: ToolCall) -> Answer:
    tool = tools.get(call.name)
    error = tool.invalid(call.arguments) if tool else f"There is no tool {call.name!r}."
    return Answer(error, "blocked") if error else environment.act(call)


def _calls_turn(task: Task, place: int, calls: Iterable[ToolCall]) -> Turn:
    made = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in calls]
    tool = made[0]["name"] if made else None
    return _turn(task, place, "assistant", content="", tool_calls=json.dumps(made), parse="ok", tool=tool)


def _tool_turn(task: Task, place: int, call: ToolCall, answer: Answer) -> Turn:
    return _turn(
        task, place, "tool", observation=answer.text, tool=call.name, tool_call_id=call.id, kind=answer.kind,
        url=answer.url, content_sha256=sha256_text(answer.text),
    )  # fmt: skip


def _turn(task: Task, place: int, role: str, **columns: object) -> Turn:
    own = {"trajectory_id": ENGINE, "index": place, "role": role, "run_id": task.run_id}
    return BLANK_TURN.model_copy(update=own | columns)


def _trajectory(task: Task, turns: list[Turn], answer: str | None) -> Trajectory:
    blank: dict[str, object] = dict.fromkeys(Trajectory.model_fields)
    texts = ("teacher_model", "engine", "dialect", "renderer", "template_sha256", "reasoning_policy", "system", "tools")
    counts = ("sample", "seed", "n_tokens", "n_sampled_tokens", "n_observation_tokens")
    now = datetime.now(UTC)
    return Trajectory.model_validate(
        blank
        | dict.fromkeys(texts, ENGINE)
        | dict.fromkeys(counts, 0)
        | {"trajectory_id": ENGINE, "task_id": task.task_id, "domain": task.domain, "run_id": task.run_id}
        | {"sampling": "{}", "started_at": now, "ended_at": now, "answer": answer}
        | {"status": "turn_cap" if answer is None else "answered"}
        | {"n_turns": sum(turn.role == "assistant" for turn in turns)}
        | {"n_tool_calls": sum(turn.role == "tool" for turn in turns)}
    )
