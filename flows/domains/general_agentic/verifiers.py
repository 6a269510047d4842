"""Verifiers of the general agentic domain: the final state against the hidden goal, from the rows alone.

The outcome holds the changes of every table; the hidden record holds those wanted, and the tables that they are in.
"""

import json
from collections.abc import Mapping
from typing import Any

from flows.domains.contract import Finished, Judgement, Verifier


def goal_state(attempt: Finished) -> Judgement:
    """Passes if the watched tables changed as wanted, no other row changed, and no general rule was broken.

    The score is the share of the wanted changes that were made. One verdict decides, since refine keeps an attempt that
    any verifier of the outcome accepts; `no_collateral` and `policy_kept` judge the process.
    """
    goal, found = _goal(attempt), _delta(attempt)
    if goal is None or found is None:
        return Judgement("no_goal" if goal is None else "no_outcome")
    wanted = _changes(goal["delta"], goal["watched"])
    made = _changes(found, goal["watched"])
    if not wanted:
        return Judgement("no_goal")
    if made != wanted:
        return Judgement("other_state", sum(one in made for one in wanted) / len(wanted))
    parts = (no_collateral(attempt), policy_kept(attempt))
    return Judgement(next((one.reason for one in parts if not one.passed), "ok"), 1.0)


def no_collateral(attempt: Finished) -> Judgement:
    """Passes if no table changed beside the watched ones, and no row of these that the goal leaves alone."""
    goal, found = _goal(attempt), _delta(attempt)
    if goal is None or found is None:
        return Judgement("no_goal" if goal is None else "no_outcome")
    wanted = {_row(change) for change in _changes(goal["delta"], goal["delta"])}
    rows = [_row(change) for change in _changes(found, found)]
    return Judgement("ok" if all(row in wanted for row in rows) else "collateral_write")


def policy_kept(attempt: Finished) -> Judgement:
    """Passes if no write broke a general rule of the world."""
    checks = _checks(attempt)
    if checks is None:
        return Judgement("no_outcome")
    return Judgement("breached" if checks["breaches"] else "ok")


def _goal(attempt: Finished) -> dict[str, Any] | None:
    if attempt.hidden is None or attempt.hidden.goal is None:
        return None
    goal: dict[str, Any] = json.loads(attempt.hidden.goal)
    return goal


def _checks(attempt: Finished) -> dict[str, Any] | None:
    if attempt.outcome is None:
        return None
    checks: dict[str, Any] = json.loads(attempt.outcome.checks)
    return checks


def _delta(attempt: Finished) -> dict[str, Any] | None:
    checks = _checks(attempt)
    return None if checks is None else checks["delta"]


def _changes(delta: Mapping[str, Any], tables: Any) -> list[list[Any]]:
    """Changes as [table, ...], in a fixed order."""
    found = [[table, *change] for table in tables for change in delta.get(table, [])]
    return sorted(found, key=lambda one: json.dumps(one, sort_keys=True))


def _row(change: list[Any]) -> str:
    """The row that a change is about: its key; a new row counts as a whole."""
    kept = [part for part in change if not isinstance(part, dict)] if change[1] == "changed" else change
    return json.dumps(kept, sort_keys=True)


GOAL_STATE = Verifier("goal_state", "1", goal_state)
NO_COLLATERAL = Verifier("no_collateral", "1", no_collateral)
POLICY_KEPT = Verifier("policy_kept", "1", policy_kept)
