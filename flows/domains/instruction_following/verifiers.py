"""Verifiers of instruction following: each constraint of the hidden goal, checked on the delivered files.

`constraints_satisfied` decides; a verdict per family names the violated requirements. The files are in the outcome and
the final message in the trajectory, so that equal rows get equal verdicts.
"""

import json
from collections.abc import Callable
from typing import Any

from flows.domains.contract import Finished, Judgement, Verifier
from flows.domains.instruction_following.families import FAMILIES
from flows.domains.instruction_following.families.delivery import Delivery

ALL_SATISFIED = "constraints_satisfied"


def constraints_satisfied(attempt: Finished) -> Judgement:
    """Passes if all constraints are satisfied; the score is their share, the reason names the first violated family."""
    found = _constraints(attempt)
    if found is None:
        return Judgement("no_goal" if _goal(attempt) is None else "no_outcome")
    missed = [one["family"] for one in found if not _satisfied(attempt, one)]
    return Judgement(f"missed_{missed[0]}" if missed else "ok", 1 - len(missed) / len(found))


def verifier_name(family: str) -> str:
    """Name of the verifier of a family."""
    return f"follows_{family}"


def _judge(family: str) -> Callable[[Finished], Judgement]:
    def judge(attempt: Finished) -> Judgement:
        found = _constraints(attempt)
        if found is None:
            return Judgement("no_goal" if _goal(attempt) is None else "no_outcome")
        own = [one for one in found if one["family"] == family]
        if not own:
            return Judgement("not_asked")
        return Judgement("ok" if all(_satisfied(attempt, one) for one in own) else "missed")

    return judge


def _satisfied(attempt: Finished, constraint: dict[str, Any]) -> bool:
    files = json.loads(attempt.outcome.checks)["files"] if attempt.outcome else {}
    delivery = Delivery(files, attempt.trajectory.answer or "")
    return FAMILIES[constraint["family"]].check(delivery, constraint["goal"])


def _goal(attempt: Finished) -> dict[str, Any] | None:
    if attempt.hidden is None or attempt.hidden.goal is None:
        return None
    goal: dict[str, Any] = json.loads(attempt.hidden.goal)
    return goal


def _constraints(attempt: Finished) -> list[dict[str, Any]] | None:
    """The constraints; None if they, or the outcome, are missing."""
    goal = _goal(attempt)
    return None if goal is None or attempt.outcome is None else list(goal["constraints"])


VERIFIERS = (
    Verifier(ALL_SATISFIED, "1", constraints_satisfied),
    *(Verifier(verifier_name(name), "1", _judge(name)) for name in FAMILIES),
)
