"""Judges recorded formulas, once an attempt has ended; the true ones come from the hidden record."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.domains.science.expressions import equal_formulas
from flows.domains.science.world.environment import ReadingRoom
from flows.environments.resources import Resources
from schemas.task import Hidden

IMAGE = "science"


def examine(world: ReadingRoom, hidden: Hidden, resources: Resources, folder: Path) -> Mapping[str, object]:
    """`formulas`: for each step that wants a formula, true if the recorded one equals it."""
    steps: dict[str, dict[str, Any]] = json.loads(hidden.goal or "{}").get("steps", {})
    wanted = {name: str(one["value"]) for name, one in steps.items() if one["form"] == "expression"}
    pairs = {name: (str(world.notebook[name]), text) for name, text in wanted.items() if name in world.notebook}
    return {"formulas": equal_formulas(pairs, IMAGE, resources) if pairs else {}}
