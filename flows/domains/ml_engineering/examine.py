"""Judges the final submission on the private rows, once the attempt has ended.

The labels come from the hidden record. The world has no path to this module or to that record.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from flows.domains.ml_engineering.scoring.submission import of_rows, scores
from flows.domains.ml_engineering.world.environment import MlWorkspace
from flows.environments.resources import Resources
from schemas.task import Hidden


def examine(world: MlWorkspace, hidden: Hidden, resources: Resources, folder: Path) -> Mapping[str, object]:
    """The private score of the submission that counts; null without one."""
    goal = json.loads(hidden.goal or "{}")
    found = world.final_predictions()
    if found is None:
        return {"private": None}
    places = {one: at for at, one in enumerate(world.problem.wanted.ids)}
    queries = None if goal["queries"] is None else np.array(goal["queries"])
    return {"private": scores(of_rows(found, places, goal["ids"]), goal["labels"], goal["metric"], queries)}
