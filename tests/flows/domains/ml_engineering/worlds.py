"""Opens worlds of generated problems for tests; their image is the small one, since most tests fit no model."""

import csv
import io
import json
import os
from pathlib import Path

import pytest

from flows.domains.ml_engineering.composing.draft import facts_of
from flows.domains.ml_engineering.families import FAMILIES
from flows.domains.ml_engineering.kind import ML_WORKSPACE
from flows.domains.ml_engineering.world.environment import MlWorkspace
from flows.domains.ml_engineering.world.files import digest_of
from flows.domains.ml_engineering.world.problem import OpenProblem, drawn_problem
from flows.environments.resources import Resources
from flows.environments.sandbox import unavailable
from flows.environments.tool import Answer, ToolCall


def need_sandbox() -> None:
    """Skip on a machine without a sandbox; FACTORY_REQUIRE_SANDBOX=1 makes that a failure."""
    if (reason := unavailable()) and not os.environ.get("FACTORY_REQUIRE_SANDBOX"):
        pytest.skip(reason)


def problem_of(family: str = "leakage", seed: int = 5, metric: str | None = None) -> OpenProblem:
    """The open side of a generated problem."""
    drawn = FAMILIES[family](seed)
    return drawn_problem(drawn, family, seed, metric or drawn.metrics[0])


def setup_of(family: str = "leakage", seed: int = 5, **changed: object) -> str:
    """The setup of a generated problem."""
    problem = problem_of(family, seed)
    named = {"family": family, "seed": seed, "metric": problem.wanted.metric, "sha256": digest_of(problem.files)}
    setup = {
        "image": "python", "tools": ["bash", "read", "edit", "write"], "scores": 10, "seconds": 1800,
        "facts": facts_of(problem.wanted, FAMILIES[family](seed).split), "problem": named,
    }  # fmt: skip
    return json.dumps(setup | changed)


def opened(folder: Path, setup: str | None = None) -> MlWorkspace:
    """A fresh world."""
    need_sandbox()
    world = ML_WORKSPACE.open(setup or setup_of(), Resources(sources_path=folder.parent / "sources"), folder)
    assert isinstance(world, MlWorkspace)
    return world


def call(world: MlWorkspace, name: str, **arguments: object) -> Answer:
    """The answer of a valid call."""
    tool = {one.name: one for one in world.tools()}[name]
    assert tool.invalid(arguments) is None
    return world.act(ToolCall("call", name, dict(arguments)))


def submission(problem: OpenProblem, value: object = 0.5) -> str:
    """A submission with one value in all rows."""
    text = io.StringIO()
    csv.writer(text).writerows([("row_id", problem.wanted.target), *((one, value) for one in problem.wanted.ids)])
    return text.getvalue()
