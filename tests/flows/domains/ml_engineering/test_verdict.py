"""The verdict: a composed task is solved by its oracle and by no shortcut, in the real sandbox."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from flows.domains.attempt import Player
from flows.domains.contract import Finished
from flows.domains.ml_engineering import DOMAIN
from flows.domains.ml_engineering.composing.generated import GENERATED_DATA, Drawing
from flows.domains.ml_engineering.verifiers import score_reached
from flows.environments.resources import Resources
from flows.settings import Tasks
from flows.tasks.probes.canary import leak
from flows.tasks.rows import hidden_row, task_row
from tests.flows.domains.ml_engineering.worlds import need_sandbox

GOAL = {"default": 0.5, "oracle": 0.9}
ACCEPTED = {"final": {"path": "s.csv"}, "submissions": []}


@pytest.mark.parametrize(
    ("checks", "reason", "score"),
    [
        (ACCEPTED | {"private": 0.7}, "ok", 0.5),
        (ACCEPTED | {"private": 0.69}, "score_too_low", 0.475),
        (ACCEPTED | {"private": 0.4}, "score_too_low", 0.0),
        (ACCEPTED | {"private": 0.99}, "ok", 1.0),
        (ACCEPTED, "not_examined", None),
        ({"final": None, "submissions": []}, "no_submission", None),
        ({"final": None, "submissions": [{"tool": "submit", "reason": "missing_rows"}]}, "missing_rows", None),
        ({"final": None, "submissions": [{"tool": "score", "reason": "wrong_ids"}]}, "no_submission", None),
    ],
)
def test_half_of_the_way_passes(checks: Mapping[str, Any], reason: str, score: float | None) -> None:
    rows = SimpleNamespace(
        hidden=SimpleNamespace(goal=json.dumps(GOAL)), outcome=SimpleNamespace(checks=json.dumps(checks))
    )
    judged = score_reached(cast(Finished, rows))
    assert judged.reason == reason
    assert judged.score == (None if score is None else pytest.approx(score))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_composed_task_is_solved_by_its_oracle_only(tmp_path: Path) -> None:
    """A task that a constant, an id, a default model or peeking solves teaches none of the work."""
    need_sandbox()
    resources = Resources()
    draft = GENERATED_DATA.compose(Drawing(1, 77, resources), lambda system, text: "")
    task = task_row(DOMAIN, GENERATED_DATA, draft, Tasks(), date(2026, 1, 2))
    hidden = hidden_row(task, draft)
    assert leak(task, hidden) is None
    assert DOMAIN.policies is not None and DOMAIN.policies.proof is not None
    knowing = {"oracle": DOMAIN.policies.oracle, "proof": DOMAIN.policies.proof}
    played = knowing | dict(DOMAIN.policies.shortcuts)
    attempts = {
        name: Player(DOMAIN, resources, tmp_path / name).play(task, hidden, policy) for name, policy in played.items()
    }
    assert {name: one.solved(()) for name, one in attempts.items()} == {name: name in knowing for name in played}
    oracle = attempts["oracle"].finished
    assert oracle.trajectory.n_tool_calls >= 20
    assert not [one.observation for one in oracle.turns if "exit status" in (one.observation or "")]
