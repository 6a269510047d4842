"""Converts an imported attempt to rows of the lake: a task, a trajectory, its turns and verdicts.

Nothing is invented: an imported row has no token ids or log-probabilities, and its times are those of the import.
The set's own verdicts become verdicts of verifiers named after their columns, and of `source` where no column names
them; where the set gives a ground truth, the factory's own verifiers compare the answer with it too.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flows.domains.contract import Finished, Verifier, verdict_row
from flows.imports.formats.conversation import Attempt, Outcome
from flows.imports.problem import COMPOSER
from flows.imports.to_turns import Measured, to_json, turns_of
from schemas import Task, Trajectory, Turn, Verdict
from schemas.trajectory import NO_IDS, trajectory_id

VERSION = "4"
SOURCE = "source"
"""Verifier name of a judgement of the set that no column names, such as `--accepted`."""
SAYS_WRONG = "source_says_wrong"
"""Reason code of the set's own failing verdict; the gate `outcome` lets no other verdict override it."""


@dataclass(frozen=True)
class Place:
    """Task, sample number and times that an attempt gets in the lake."""

    task_id: str
    instruction: str
    domain: str
    sample: int
    samples: int
    """Attempts at the task so far, this one included."""
    task_created_at: datetime
    now: datetime
    run_id: str
    license: str | None = None
    """As the importer declares it for the file."""


@dataclass(frozen=True)
class Rows:
    """The rows that one imported attempt adds to the lake."""

    task: Task
    trajectory: Trajectory
    turns: list[Turn]
    verdicts: list[Verdict]


def notes_of(attempt: Attempt) -> Counter[str]:
    """Number of things that the trajectory does not hold as they were, by code."""
    notes = Counter(attempt.notes)
    for message in attempt.messages:
        notes.update(message.notes)
        notes["untrainable"] += message.weight == 0 and message.role == "assistant" and message.parse == "ok"
    notes.update(f"unclear:{one.column}" for one in attempt.outcomes if one.passed is None)
    return +notes


def rows_of_attempt(attempt: Attempt, place: Place, verifiers: Sequence[Verifier], measured: Measured) -> Rows:
    """Rows of one attempt; raises Refused on what JSON cannot hold."""
    tools = to_json(attempt.tools, "bad_tools")
    task = _task(attempt, place, verifiers)
    name = trajectory_id(task.task_id, place.sample)
    turns = turns_of(attempt.messages, measured, name, place.run_id)
    trajectory = _trajectory(attempt, place, task, turns, tools)
    verdicts = [*_judged(task, trajectory, turns, verifiers), *set_verdicts(attempt, name, place.run_id)]
    return Rows(task, trajectory, turns, verdicts)


def _task(attempt: Attempt, place: Place, verifiers: Sequence[Verifier]) -> Task:
    return Task(
        task_id=place.task_id,
        domain=place.domain,
        instruction=place.instruction,
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
        licenses=[place.license] if place.license else None,
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
        renderer=f"{attempt.format} {VERSION}",
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
        n_tokens=sum(turn.n_tokens for turn in turns),
        n_sampled_tokens=0,
        n_observation_tokens=sum(turn.n_tokens for turn in turns if turn.role == "tool"),
        started_at=place.now,
        ended_at=place.now,
        error=None,
        ids=NO_IDS,
    )


def _judged(task: Task, trajectory: Trajectory, turns: list[Turn], verifiers: Sequence[Verifier]) -> Iterator[Verdict]:
    by_name = {one.name: one for one in verifiers}
    for one in (by_name[name] for name in task.verifiers):
        yield verdict_row(trajectory, one.name, one.version, one.judge(Finished(task, trajectory, turns)))


def set_verdicts(attempt: Attempt, trajectory: str, run_id: str) -> Iterator[Verdict]:
    """The set's own verdicts on a trajectory: of its columns, and of `source`. Unclear values give none."""
    own = (Outcome(SOURCE, attempt.passed),) if attempt.passed is not None else ()
    for one in (*attempt.outcomes, *own):
        if one.passed is not None:
            yield Verdict(
                trajectory_id=trajectory,
                turn_index=None,
                verifier=one.column,
                version=VERSION,
                passed=one.passed,
                score=one.score,
                reason="ok" if one.passed else SAYS_WRONG,
                judge_model=None,
                judge_prompt_sha256=None,
                run_id=run_id,
            )


def declared_correct(attempt: Attempt) -> Attempt:
    """The attempt with a passing judgement, unless the row has a verdict of its own, even an unclear one."""
    judged = attempt.passed is not None or attempt.outcomes
    return attempt if judged else replace(attempt, passed=True)
