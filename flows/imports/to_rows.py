"""Converts an imported attempt to rows of the lake: a task, a trajectory, its turns and verdicts.

Nothing is invented: an imported row has no token ids, token counts or log-probabilities, and its times are those
of the import. The set's own judgement becomes a verdict of the verifier `source`; where the set gives a ground
truth, the factory's own verifiers compare the answer with it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson

from flows.domains.contract import Judgement, Verifier, verdict_row
from flows.imports.formats.conversation import Attempt, Message, Refused
from flows.imports.formats.registry import instruction
from schemas import Task, Trajectory, Turn, Verdict, sha256_text
from schemas.task import task_id
from schemas.trajectory import trajectory_id

VERSION = "2"
COMPOSER = "import"
SOURCE = "source"
"""Verifier name of the set's own judgement."""


@dataclass(frozen=True)
class Place:
    """Domain, sample number and times that an attempt gets in the lake."""

    format: str
    domain: str
    sample: int
    samples: int
    """Attempts at the task so far, this one included."""
    task_created_at: datetime
    now: datetime
    run_id: str


@dataclass(frozen=True)
class Rows:
    """The rows that one imported attempt adds to the lake."""

    task: Task
    trajectory: Trajectory
    turns: list[Turn]
    verdicts: list[Verdict]


def row_id(attempt: Attempt, domain: str) -> str:
    """Content id of a conversation with its domain and judgement, equal in all files; raises Refused."""
    try:
        canonical = orjson.dumps(("imported", domain, attempt), default=str, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise Refused("bad_arguments", str(error)) from error
    return hashlib.sha256(canonical).hexdigest()[:32]


def task_of(attempt: Attempt, domain: str) -> str:
    """Id of the attempt's task, from its instruction and ground truth."""
    return task_id(domain, instruction(attempt), attempt.truth, [], COMPOSER)


def rows_of_attempt(attempt: Attempt, place: Place, verifiers: Sequence[Verifier]) -> Rows:
    """Rows of one attempt; raises Refused on calls or tools that cannot be written as JSON."""
    tools = _json(attempt.tools, "bad_tools")
    task = _task(attempt, place, verifiers)
    name = trajectory_id(task.task_id, place.sample)
    turns = [_turn(one, name, at, place.run_id) for at, one in enumerate(attempt.messages)]
    trajectory = _trajectory(attempt, place, task, turns, tools)
    return Rows(task, trajectory, turns, _verdicts(attempt, task, trajectory, turns, verifiers))


def _task(attempt: Attempt, place: Place, verifiers: Sequence[Verifier]) -> Task:
    return Task(
        task_id=task_of(attempt, place.domain),
        domain=place.domain,
        instruction=instruction(attempt),
        answer=attempt.truth,
        evidence=[],
        path=[],
        tools=[tool["function"]["name"] for tool in attempt.tools],
        verifiers=sorted(one.name for one in verifiers) if attempt.truth else [],
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
    is_tool = message.role == "tool"
    made = [{"id": call.id, "name": call.name, "arguments": call.arguments} for call in message.calls]
    calls = _json(made, "bad_arguments") if made else None
    return Turn(
        trajectory_id=trajectory,
        index=index,
        segment=0,
        role=message.role,
        content=None if is_tool else message.content,
        reasoning=message.reasoning,
        tool_calls=calls,
        parse="ok" if message.role == "assistant" else None,
        tool=message.name if is_tool else next((call.name for call in message.calls), None),
        n_chars=len(message.content) + len(message.reasoning or "") + len(calls or ""),
        n_tokens=0,
        observation=message.content if is_tool else None,
        kind=("ok" if message.content.strip() else "empty") if is_tool else None,
        url=None,
        content_sha256=sha256_text(message.content) if is_tool else None,
        bytes_dropped=0,
        tool_call_id=message.answers if is_tool else None,
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
    attempt: Attempt, task: Task, trajectory: Trajectory, turns: list[Turn], verifiers: Sequence[Verifier]
) -> list[Verdict]:
    by_name = {one.name: one for one in verifiers}
    chosen = [by_name[name] for name in task.verifiers]
    verdicts = [verdict_row(trajectory, one.name, one.version, one.judge(task, trajectory, turns)) for one in chosen]
    if attempt.passed is not None:
        declared = Judgement("ok" if attempt.passed else "source_says_wrong")
        verdicts.append(verdict_row(trajectory, SOURCE, VERSION, declared))
    return verdicts


def declared_correct(attempt: Attempt) -> Attempt:
    """The attempt with a passing judgement, unless the row has a judgement of its own."""
    return attempt if attempt.passed is not None else replace(attempt, passed=True)


def _json(value: Any, code: str) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(code, str(error)) from error
