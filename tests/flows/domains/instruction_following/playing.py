"""Drafts of the domain, their rows, and plays of them in the real world."""

import json
from datetime import date
from functools import cache
from pathlib import Path

from flows.domains.attempt import Attempt, Player, Policy
from flows.domains.contract import Draft, Refused
from flows.domains.instruction_following import DOMAIN
from flows.domains.instruction_following.composing.composers import HANDBOOK_BRIEF, of_handbooks
from flows.domains.instruction_following.families import Constraint
from flows.domains.seeds import Seed
from flows.environments.resources import Resources
from flows.settings import Tasks
from flows.tasks.rows import hidden_row, task_row
from schemas.task import Hidden, Task


@cache
def drafts(count: int, first: int = 0) -> tuple[Draft, ...]:
    """So many drafts of handbooks; refused seeds are passed over."""
    made = list[Draft]()
    number = first
    while len(made) < count:
        number += 1
        try:
            made.append(of_handbooks(Seed(number, 7_919 * number + 13), lambda system, user: ""))
        except Refused:
            continue
    return tuple(made)


def rows(draft: Draft) -> tuple[Task, Hidden]:
    """The records of a draft, as a night stores them."""
    task = task_row(DOMAIN, HANDBOOK_BRIEF, draft, Tasks(), date(2026, 1, 2))
    hidden = hidden_row(task, draft)
    assert hidden
    return task, hidden


def play(draft: Draft, policy: Policy) -> Attempt:
    """An attempt of a policy in a world of its own."""
    task, hidden = rows(draft)
    return Player(DOMAIN, Resources(), Path()).play(task, hidden, policy)


def reasons(attempt: Attempt) -> dict[str, str]:
    """Verifier -> reason."""
    return {name: one.reason for name, one in attempt.judgements.items()}


def constraints(draft: Draft) -> list[Constraint]:
    """The constraints of the hidden goal."""
    return [Constraint(one["family"], one["goal"]) for one in json.loads(draft.goal or "{}")["constraints"]]


def texts(draft: Draft) -> dict[str, str]:
    """The documents by name."""
    return {one["name"]: one["text"] for one in json.loads(draft.setup)["documents"]}
