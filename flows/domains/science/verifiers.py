"""Verifiers of science: the final number decides, and the score is the share of steps that the notebook shows."""

import json
import math
from collections.abc import Mapping
from typing import Any

from flows.domains.answers import NUMERIC_CLOSE
from flows.domains.contract import Finished, Judgement, Verifier

STEP_TOLERANCE = 0.002
"""Share by which a recorded number may differ; steps are often rounded when they are written down."""


def steps_shown(attempt: Finished) -> Judgement:
    """Passes if the final number does; the score is the share of steps whose recorded value is right."""
    if attempt.hidden is None or attempt.hidden.goal is None:
        return Judgement("no_goal")
    if attempt.outcome is None:
        return Judgement("no_outcome")
    steps, checks = json.loads(attempt.hidden.goal)["steps"], json.loads(attempt.outcome.checks)
    notebook, formulas = checks.get("notebook", {}), checks.get("formulas", {})
    right = sum(_is_right(name, one, notebook, formulas) for name, one in steps.items())
    return Judgement(NUMERIC_CLOSE.judge(attempt).reason, right / len(steps))


def _is_right(name: str, wanted: Mapping[str, Any], notebook: Mapping[str, Any], formulas: Mapping[str, Any]) -> bool:
    if name not in notebook:
        return False
    if wanted["form"] == "expression":
        return formulas.get(name) is True
    if wanted["form"] == "text":
        return " ".join(str(notebook[name]).split()) == str(wanted["value"])
    return _is_near(notebook[name], float(wanted["value"]))


def _is_near(found: object, wanted: float) -> bool:
    try:
        number = float(str(found))
    except ValueError:
        return False
    return math.isfinite(number) and abs(number - wanted) <= STEP_TOLERANCE * abs(wanted) + 1e-12


STEPS_SHOWN = Verifier("steps_shown", "1", steps_shown)
