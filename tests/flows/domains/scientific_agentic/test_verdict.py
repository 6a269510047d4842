"""The verdict: results on fresh data decide, the oracle's script passes there, and no shortcut does."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from flows.domains.attempt import Player
from flows.domains.contract import Finished
from flows.domains.scientific_agentic import DOMAIN
from flows.domains.scientific_agentic.composing.compose import (
    CALLS,
    CALLS_PER_STUDY,
    LABORATORY_PROJECT,
    compose_project,
    order,
    studies_of,
)
from flows.domains.scientific_agentic.verifiers import fresh_data
from flows.domains.seeds import Seed
from flows.environments.resources import Resources
from flows.environments.sandbox import Packages
from flows.settings import Tasks
from flows.tasks.probes.canary import leak
from flows.tasks.rows import hidden_row, task_row
from tests.flows.domains.ml_engineering.worlds import need_sandbox

GOAL = {"truth": [{"a": {"x": 2.0, "n": 0.1}}] * 2, "tolerance": {"a": {"x": [0.03, 0.0], "n": [0.02, 0.05]}}}
WRONG = {"reason": "ok", "found": {"a": {"x": 2.07, "n": 0.1}}}
RIGHT = {"reason": "ok", "found": {"a": {"x": 2.05, "n": 0.14}}}


@pytest.mark.parametrize(
    ("checks", "reason", "score"),
    [
        ({"scripts": ["s"], "runs": [RIGHT, RIGHT]}, "ok", 1.0),
        ({"scripts": ["s"], "runs": [RIGHT, WRONG]}, "wrong_results", 0.75),
        ({"scripts": ["s"], "runs": [RIGHT, {"reason": "ok", "found": {"b": {}}}]}, "missing_results", 0.5),
        ({"scripts": ["s"], "runs": [{"reason": "script_failed"}, RIGHT]}, "script_failed", 0.5),
        ({"scripts": [], "runs": []}, "no_script", 0.0),
        ({"scripts": ["s"]}, "not_examined", None),
    ],
)  # fmt: skip
def test_every_result_of_every_run_must_be_right(checks: Mapping[str, Any], reason: str, score: float | None) -> None:
    rows = SimpleNamespace(
        hidden=SimpleNamespace(goal=json.dumps(GOAL)), outcome=SimpleNamespace(checks=json.dumps(checks))
    )
    judged = fresh_data(cast(Finished, rows))
    assert (judged.reason, judged.score) == (reason, score)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_composed_project_is_solved_by_its_oracle_only(tmp_path: Path) -> None:
    """A project that constants, readings taken for values, or results written down solve teaches none of the work."""
    need_sandbox()
    resources = Resources(images=(Packages("science", ("numpy>=2,<3", "sympy>=1.13,<2")),))
    draft = compose_project(Seed(1, 4), ["sequences", "growth", "growth"])
    task = task_row(DOMAIN, LABORATORY_PROJECT, draft, Tasks(), date(2026, 1, 2))
    hidden = hidden_row(task, draft)
    assert leak(task, hidden) is None
    assert DOMAIN.policies is not None and DOMAIN.policies.proof is not None
    knowing = {"oracle": DOMAIN.policies.oracle, "proof": DOMAIN.policies.proof}
    lazy = {name: DOMAIN.policies.shortcuts[name] for name in ("straight", "hard_coded", "peek")}
    played = knowing | lazy
    attempts = {
        name: Player(DOMAIN, resources, tmp_path / name).play(task, hidden, policy) for name, policy in played.items()
    }
    assert {name: one.solved(()) for name, one in attempts.items()} == {name: name in knowing for name in played}
    oracle = attempts["oracle"].finished
    assert not [one.observation for one in oracle.turns if "exit status" in (one.observation or "")]


def test_projects_have_levels_that_follow_a_target() -> None:
    """A teacher with a small window needs shorter projects, and nights move by the pass rates of levels."""
    given = {"target": {"scientific_agentic": {"calls": 60, "tokens": 50_000}}}
    seeds = [Seed(number, number) for number in range(1, 60)]
    assert {order(seed, studies_of(None)).studies for seed in seeds} == {12, 14, 17}
    target = Tasks.model_validate(given).target["scientific_agentic"]
    assert studies_of(target) == (60 - CALLS) // CALLS_PER_STUDY
    short = [order(seed, studies_of(target)) for seed in seeds]
    assert {one.studies for one in short} <= {4, 5, 6}
    draft = LABORATORY_PROJECT.compose(short[0], lambda *_: "")
    assert len(draft.difficulty["families"]) == short[0].studies  # type: ignore[arg-type]
    assert LABORATORY_PROJECT.knob is not None and LABORATORY_PROJECT.knob(short[0]) == f"{short[0].studies} studies"
