"""An imported attempt as the lake's rows: a task, a trajectory, its turns and what is known of its outcome.

Nothing is invented: there are no token ids, so there are none, no counts of them, no logprobs; times are the
import's. What the set itself says of the outcome is a verdict named `source`; an answer that can be compared
with a ground truth is judged by our own verifiers.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

import orjson

from flows.imports.formats.conversation import Attempt, Message, Refused
from flows.imports.formats.registry import instruction
from schemas import Task, Trajectory, Turn, Verdict, sha256_text
from schemas.task import task_id
from schemas.trajectory import trajectory_id

VERSION = "2"
COMPOSER = "import"
SOURCE = "source"
"""Verifier's name of what the set says of its own rows."""


class Judged(Protocol):
    """What a verifier says of a trajectory."""

    @property
    def passed(self) -> bool: ...
    @property
    def score(self) -> float | None: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True)
class Said:
    """What a set says of a row of its own."""

    passed: bool
    score: float | None = None

    @property
    def reason(self) -> str:
        return "ok" if self.passed else "source_says_wrong"


Verifier = Callable[[Task, Trajectory, Sequence[Turn]], Judged]


@dataclass(frozen=True)
class Verifiers:
    """Verifiers that compare an answer with the truth, by name, and the version of their code."""

    by_name: Mapping[str, Verifier]
    version: str


@dataclass(frozen=True)
class Place:
    """Where an attempt stands in the lake."""

    format: str
    domain: str
    sample: int
    samples: int
    """Attempts at the task that are known by now, this one among them."""
    task_created_at: datetime
    now: datetime
    run_id: str


@dataclass(frozen=True)
class Rows:
    """What one imported row adds to the lake."""

    task: Task
    trajectory: Trajectory
    turns: list[Turn]
    verdicts: list[Verdict]


def row_id(attempt: Attempt, domain: str) -> str:
    """The same conversation in a domain, with the same said of it, is one row in all files; raises Refused."""
    try:
        said = orjson.dumps(("imported", domain, attempt), default=str, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise Refused("bad_arguments", str(error)) from error
    return hashlib.sha256(said).hexdigest()[:32]


def task_of(attempt: Attempt, domain: str) -> str:
    """The id of the task that an attempt worked: its words and its truth."""
    return task_id(domain, instruction(attempt), attempt.truth, [], COMPOSER)


def rows_of_attempt(attempt: Attempt, place: Place, verifiers: Verifiers) -> Rows:
    """The lake's rows; raises Refused on calls or tools that cannot be written as JSON."""
    tools = _json(attempt.tools, "bad_tools")
    task = _task(attempt, place, verifiers)
    name = trajectory_id(task.task_id, place.sample)
    turns = [_turn(one, name, at, place.run_id) for at, one in enumerate(attempt.messages)]
    trajectory = _trajectory(attempt, place, task, turns, tools)
    return Rows(task, trajectory, turns, _verdicts(attempt, task, trajectory, turns, verifiers))


def _task(attempt: Attempt, place: Place, verifiers: Verifiers) -> Task:
    return Task(
        task_id=task_of(attempt, place.domain),
        domain=place.domain,
        instruction=instruction(attempt),
        answer=attempt.truth,
        evidence=[],
        path=[],
        tools=[tool["function"]["name"] for tool in attempt.tools],
        verifiers=sorted(verifiers.by_name) if attempt.truth else [],
        setup="{}",
        max_turns=0,
        max_tokens=0,
        max_seconds=0,
        samples=place.samples,
        hops=0,
        difficulty="{}",
        composer=COMPOSER,
        composer_version=VERSION,
        prompt_sha256=None,
        created_at=place.task_created_at,
        run_id=place.run_id,
    )


def _trajectory(attempt: Attempt, place: Place, task: Task, turns: list[Turn], tools: str) -> Trajectory:
    last = attempt.messages[-1]
    answer = attempt.final_answer
    if answer is None and last.role == "assistant" and not last.calls:
        answer = last.content
    first = attempt.messages[0]
    return Trajectory(
        trajectory_id=trajectory_id(task.task_id, place.sample),
        task_id=task.task_id,
        sample=place.sample,
        run_id=place.run_id,
        domain=place.domain,
        teacher_model=attempt.model or "unknown",
        teacher_revision=None,
        engine="import",
        engine_version=None,
        dialect="none",
        renderer=f"{place.format} {VERSION}",
        template_sha256="",
        reasoning_policy="as_imported",
        sampling="{}",
        seed=0,
        system=first.content if first.role == "system" else "",
        tools=tools,
        status=attempt.status or ("unanswered" if answer is None else "answered"),
        answer=answer,
        n_turns=sum(turn.role == "assistant" for turn in turns),
        n_tool_calls=sum(len(one.calls) for one in attempt.messages),
        n_tokens=0,
        n_sampled_tokens=0,
        n_observation_tokens=0,
        started_at=place.now,
        ended_at=place.now,
        error=None,
    )


def _turn(message: Message, trajectory: str, index: int, run_id: str) -> Turn:
    heard = message.role == "tool"
    made = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in message.calls]
    calls = _json(made, "bad_arguments") if made else None
    return Turn(
        trajectory_id=trajectory,
        index=index,
        segment=0,
        role=message.role,
        content=None if heard else message.content,
        reasoning=message.reasoning,
        tool_calls=calls,
        parse="ok" if message.role == "assistant" else None,
        tool=message.name if heard else next((call.name for call in message.calls), None),
        n_chars=len(message.content) + len(message.reasoning or "") + len(calls or ""),
        n_tokens=0,
        observation=message.content if heard else None,
        kind=("ok" if message.content.strip() else "empty") if heard else None,
        url=None,
        content_sha256=sha256_text(message.content) if heard else None,
        bytes_dropped=0,
        tool_call_id=message.answers if heard else None,
        redacted=None,
        token_ids=[],
        sampled=[],
        logprobs=[],
        finish_reason=None,
        cached_tokens=None,
        seconds=0.0,
        run_id=run_id,
    )


def _verdicts(
    attempt: Attempt, task: Task, trajectory: Trajectory, turns: list[Turn], verifiers: Verifiers
) -> list[Verdict]:
    said = [
        _verdict(trajectory, name, verifiers.version, verifiers.by_name[name](task, trajectory, turns))
        for name in task.verifiers
    ]
    if attempt.passed is not None:
        said.append(_verdict(trajectory, SOURCE, VERSION, Said(attempt.passed)))
    return said


def _verdict(trajectory: Trajectory, verifier: str, version: str, judged: Judged) -> Verdict:
    return Verdict(
        trajectory_id=trajectory.trajectory_id,
        turn_index=None,
        verifier=verifier,
        version=version,
        passed=judged.passed,
        score=judged.score,
        reason=judged.reason,
        judge_model=None,
        judge_prompt_sha256=None,
        run_id=trajectory.run_id,
    )


def accepted(attempt: Attempt) -> Attempt:
    """The attempt as one of a set that holds only what its makers hold right, unless it says otherwise itself."""
    return attempt if attempt.passed is not None else replace(attempt, passed=True)


def _json(value: Any, code: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(code, str(error)) from error
