"""The two scores between which a task passes: of the best default model and of the solution, both really fitted.

All models run in the sandbox's image in one command, with the files that the agent will have. A default that is worse
than a constant counts as the constant.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flows.domains.contract import Refused
from flows.domains.ml_engineering.scoring.metrics import METRICS, Values
from flows.domains.ml_engineering.scoring.submission import Fault, Wanted, of_rows, read_submission, scores
from flows.domains.ml_engineering.scripts import script
from flows.domains.ml_engineering.world.files import Files
from flows.environments.sandbox import Command, Limits, Sandbox

DEFAULTS = ("boosted", "forest", "linear")
LIMITS = Limits(wall_s=600, cpu_s=600)
MIN_GAP = 0.05
"""Least gain of the solution over the default: of the constant's error, or of 1 where greater is better."""


@dataclass(frozen=True)
class Private:
    """The private rows."""

    ids: Sequence[int]
    labels: Sequence[float] | Sequence[str]
    queries: Any

    def score(self, values: Values, wanted: Wanted) -> float:
        """The metric of predictions of all test rows on the private ones."""
        places = {one: at for at, one in enumerate(wanted.ids)}
        return scores(of_rows(values, places, self.ids), self.labels, wanted.metric, self.queries)


@dataclass(frozen=True)
class Bounds:
    """Private scores: of a constant, of the best default, of the solution."""

    constant: float
    default: float
    oracle: float


def bounds(  # noqa: PLR0913, PLR0917 (all that a trial is made of)
    sandbox: Sandbox, files: Files, wanted: Wanted, private: Private, train: Sequence[Any], facts: Mapping[str, object],
    solution: str,
) -> Bounds:  # fmt: skip
    """The bounds of a problem. Raises Refused if a model fails, or if the solution gains too little."""
    found = _fitted(sandbox, files, wanted, facts, solution)
    better = max if METRICS[wanted.metric].greater_is_better else min
    constant = private.score(_constant(train, wanted), wanted)
    default = better(constant, *(private.score(found[kind], wanted) for kind in DEFAULTS))
    oracle = private.score(found["solution"], wanted)
    if gap(wanted.metric, constant, default, oracle) < MIN_GAP:
        raise Refused("no_room")
    return Bounds(constant, default, oracle)


def gap(metric: str, constant: float, default: float, oracle: float) -> float:
    """The gain of the solution over the default, as a share of the constant's error where less is better."""
    if METRICS[metric].greater_is_better:
        return oracle - default
    return (default - oracle) / constant if constant else 0.0


def _fitted(
    sandbox: Sandbox, files: Files, wanted: Wanted, facts: Mapping[str, object], solution: str
) -> dict[str, Values]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        for name, data in {**files, **_scripts(facts, solution)}.items():
            Path(folder, name).write_bytes(data)
        done = sandbox.run(Command(("python", "trial.py"), Path(folder), limits=LIMITS))
        if done.exit_code != 0:
            raise Refused("trial_failed")
        return {name: _read(Path(folder, f"{name}.csv"), wanted) for name in (*DEFAULTS, "solution")}


def _scripts(facts: Mapping[str, object], solution: str) -> dict[str, bytes]:
    own = {f"{name}.py": script(name, facts).encode() for name in ("trial", "default")}
    return {**own, "solution.py": solution.encode()}


def _read(path: Path, wanted: Wanted) -> Values:
    found = read_submission(path.read_bytes(), wanted)
    if isinstance(found, Fault):
        raise Refused("trial_not_scored")
    return found


def _constant(train: Sequence[Any], wanted: Wanted) -> Values:
    if wanted.classes:
        values, counts = np.unique(np.asarray(train), return_counts=True)
        return np.full(len(wanted.ids), values[counts.argmax()])
    numbers = np.asarray(train, dtype=float)
    middle = np.median(numbers) if wanted.metric == "mae" else numbers.mean()
    return np.full(len(wanted.ids), float(middle))
