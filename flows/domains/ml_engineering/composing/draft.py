"""The draft of a task: instruction, setup, and the hidden record with the private labels and the solution."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flows.domains.contract import Draft
from flows.domains.ml_engineering.composing.trial import Bounds, Private, gap
from flows.domains.ml_engineering.scoring.metrics import METRICS
from flows.domains.ml_engineering.scoring.submission import ID, Wanted
from flows.domains.ml_engineering.world.environment import FILE_TOOLS
from flows.domains.ml_engineering.world.problem import PACKAGE
from schemas.prompt import prompt

IMAGE = "ml"
SCORES = 10
"""Public scores of an attempt."""
SECONDS = 1800
"""Computing time of an attempt."""
WALL_S = 300
"""Seconds of one command."""
MAX_TURNS = 100
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Time from which every generated task could be made: it needs no source."""


def facts_of(wanted: Wanted, split: str) -> dict[str, object]:
    """The facts that scripts of players are filled in with; the agent reads all of them."""
    metric = METRICS[wanted.metric]
    binary = wanted.metric in {"auc", "log_loss"}
    return {
        "target": wanted.target,
        "metric": wanted.metric,
        "form": "probability" if binary else metric.form,
        "split": split,
        "greater": metric.greater_is_better,
    }


def draft(  # noqa: PLR0913, PLR0917 (all that a draft is made of)
    wanted: Wanted,
    problem: Mapping[str, object],
    facts: Mapping[str, object],
    words: Mapping[str, str],
    private: Private,
    found: Bounds,
    oracle: Mapping[str, str],
    difficulty: Mapping[str, object],
) -> Draft:
    """The draft of a problem whose bounds are known. `words` has story and split, `oracle` solution and study."""
    setup = {
        "image": IMAGE,
        "tools": FILE_TOOLS,
        "limits": {"wall_s": WALL_S, "cpu_s": 2 * WALL_S},
        "scores": SCORES,
        "seconds": SECONDS,
        "facts": facts,
        "problem": problem,
    }
    room = gap(wanted.metric, found.constant, found.default, found.oracle)
    return Draft(
        _instruction(wanted, words),
        None,
        EPOCH,
        difficulty={**difficulty, "metric": wanted.metric, "gap": round(room, 4), "n_test": len(wanted.ids)},
        setup=json.dumps(setup, sort_keys=True),
        goal=_goal(wanted, private, found),
        oracle=json.dumps(oracle),
        answer_form="files",
        max_turns=MAX_TURNS,
    )


def _instruction(wanted: Wanted, words: Mapping[str, str]) -> str:
    metric = METRICS[wanted.metric]
    form = {"number": "numbers", "probability": "the chance of 1", "class": "classes"}[metric.form]
    direction = "more" if metric.greater_is_better else "less"
    line = f"Predictions are {form}; they are judged by {metric.title}, of which {direction} is better."
    text = prompt("instruction", PACKAGE).text
    shown: dict[str, Any] = {"target": wanted.target, "id": ID, "scores": SCORES, "seconds": SECONDS, "wall": WALL_S}
    return text.format(**shown, story=words["story"], split=words["split"], metric_line=line).strip()


def _goal(wanted: Wanted, private: Private, found: Bounds) -> str:
    queries = None if private.queries is None else [int(one) for one in private.queries]
    goal = {
        "metric": wanted.metric,
        "constant": found.constant,
        "default": found.default,
        "oracle": found.oracle,
        "ids": list(private.ids),
        "labels": list(private.labels),
        "queries": queries,
    }
    return json.dumps(goal, separators=(",", ":"))
