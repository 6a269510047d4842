"""Verifiers of ML engineering: the private score against the default's and the oracle's, from the rows alone."""

import json
from typing import Any

from flows.domains.contract import Finished, Judgement, Verifier
from flows.domains.ml_engineering.scoring.metrics import share_of_the_way

PASS_SHARE = 0.5
"""Share of the way from the default's score to the oracle's that an attempt must come."""


def score_reached(attempt: Finished) -> Judgement:
    """Passes at half of the way from the default's private score to the oracle's; the score is the share, at most 1.

    Without an accepted submission the reason is that of the last fault, or `no_submission`.
    """
    if attempt.hidden is None or attempt.hidden.goal is None:
        return Judgement("no_goal")
    if attempt.outcome is None:
        return Judgement("no_outcome")
    goal, checks = json.loads(attempt.hidden.goal), json.loads(attempt.outcome.checks)
    if checks.get("final") is None:
        return Judgement(_last_fault(checks))
    if checks.get("private") is None:
        return Judgement("not_examined")
    share = share_of_the_way(checks["private"], goal["default"], goal["oracle"])
    return Judgement("ok" if share > PASS_SHARE - 1e-9 else "score_too_low", min(1.0, share))


def _last_fault(checks: dict[str, Any]) -> str:
    faults = [one["reason"] for one in checks.get("submissions", []) if one["tool"] == "submit"]
    return faults[-1] if faults else "no_submission"


SCORE_REACHED = Verifier("score_reached", "1", score_reached)
