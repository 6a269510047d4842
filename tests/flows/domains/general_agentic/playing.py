"""Drafts of the domain, their rows, and plays of them in the real world."""

import json
from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path

from flows.domains.attempt import Attempt, Player, Policy
from flows.domains.contract import Draft, Play, Refused
from flows.domains.general_agentic import DOMAIN
from flows.domains.seeds import Seed
from flows.environments.resources import Resources
from flows.environments.tool import ToolCall
from flows.settings import Tasks
from flows.tasks.rows import hidden_row, task_row
from schemas.task import Hidden, Task


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


def rows(draft: Draft) -> tuple[Task, Hidden]:
    """The records of a draft, as a night stores them."""
    task = task_row(DOMAIN, DOMAIN.composers[0], draft, Tasks(), date(2026, 1, 2))
    hidden = hidden_row(task, draft)
    assert hidden
    return task, hidden


def play(task: Task, hidden: Hidden, policy: Policy) -> Attempt:
    """An attempt of a policy in a world of its own."""
    return Player(DOMAIN, Resources(), Path()).play(task, hidden, policy)


def reasons(attempt: Attempt) -> dict[str, str]:
    """Verifier -> reason."""
    return {name: one.reason for name, one in attempt.judgements.items()}


def solved(attempt: Attempt) -> bool:
    """True if every verifier of the task passes."""
    return all(one.passed for one in attempt.judgements.values())


def calls_of(attempt: Attempt) -> list[ToolCall]:
    """All calls of the attempt, in order."""
    made = [json.loads(turn.tool_calls) for turn in attempt.finished.turns if turn.tool_calls]
    return [ToolCall(one["id"], one["name"], one["arguments"]) for calls in made for one in calls]


def observations(attempt: Attempt) -> list[str]:
    """The texts of all results, in order."""
    return [turn.observation or "" for turn in attempt.finished.turns if turn.role == "tool"]


def scripted(calls: Sequence[ToolCall]) -> Policy:
    """A policy of fixed calls, one a turn."""

    def script(task: Task, hidden: Hidden | None) -> Play:
        for call in calls:
            yield [call]
        return "done"

    return script
