"""Verifiers of the domain: results on fresh data against the planted values, from the rows alone."""

import json
from collections.abc import Mapping
from typing import Any

from flows.domains.contract import Finished, Judgement, Verifier


def fresh_data(attempt: Finished) -> Judgement:
    """Passes if every result of every run is right; the score is the share of right ones.

    Without a script the reason is `no_script`; else the first run's fault, `missing_results`, or `wrong_results`.
    """
    if attempt.hidden is None or attempt.hidden.goal is None:
        return Judgement("no_goal")
    if attempt.outcome is None:
        return Judgement("no_outcome")
    goal, checks = json.loads(attempt.hidden.goal), json.loads(attempt.outcome.checks)
    if not checks.get("scripts"):
        return Judgement("no_script", 0.0)
    runs = checks.get("runs")
    if not runs:
        return Judgement("not_examined")
    found = [_compared(run.get("found", {}), truth, goal) for run, truth in zip(runs, goal["truth"], strict=True)]
    right = sum(one == "ok" for run in found for one in run)
    score = right / sum(map(len, found))
    faults = [run["reason"] for run in runs if run["reason"] != "ok"] + [
        one for run in found for one in run if one != "ok"
    ]
    return Judgement(faults[0] if faults else "ok", score)


def _compared(
    found: Mapping[str, Mapping[str, float]], truth: Mapping[str, Mapping[str, float]], goal: Mapping[str, Any]
) -> list[str]:
    """A reason for each result of a run."""
    return [
        _reason(found.get(study, {}).get(key), value, *goal["tolerance"][study][key])
        for study, values in truth.items()
        for key, value in values.items()
    ]


def _reason(found: float | None, value: float, relative: float, absolute: float) -> str:
    if found is None:
        return "missing_results"
    return "ok" if abs(found - value) <= max(relative * abs(value), absolute) else "wrong_results"


FRESH_DATA = Verifier("fresh_data", "1", fresh_data)
