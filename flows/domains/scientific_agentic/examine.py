"""Runs the script on fresh data of the same instrument, in new folders of the sandbox, once the attempt has ended.

The seeds of these data stand in the hidden record only. A fault of the script is a reason of its run, never an error.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flows.domains.scientific_agentic.families.project import Project
from flows.domains.scientific_agentic.world.environment import Laboratory
from flows.environments.resources import Resources
from flows.environments.sandbox import Command, Limits, Sandbox
from flows.environments.workspace.paths import Refused, content, parent_of
from schemas.task import Hidden

LIMITS = Limits(wall_s=900, cpu_s=120)
"""Wall time is ample, so that a busy machine fails no honest script."""
RESULTS = "results.json"
MAX_RESULT_BYTES = 1 << 20


def examine(world: Laboratory, hidden: Hidden, resources: Resources, folder: Path) -> Mapping[str, object]:
    """`runs`: for each set of fresh data a reason and the numbers that the script found; none without a script."""
    script, goal = world.script(), json.loads(hidden.goal or "{}")
    if script is None:
        return {"runs": []}
    sandbox, project = resources.sandbox(goal["image"]), Project.of(goal)
    return {
        "runs": [_run(script, project, seed, sandbox, folder / f"run-{at}") for at, seed in enumerate(goal["seeds"])]
    }


def _run(script: bytes, project: Project, seed: int, sandbox: Sandbox, folder: Path) -> dict[str, object]:
    files = project.files(seed)
    for name, data in {"analyse.py": script, **{f"data/{name}": data for name, data in files.items()}}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    done = sandbox.run(Command(("python", "analyse.py", "data", RESULTS), folder, limits=LIMITS))
    if done.exit_code != 0:
        return {"reason": "script_failed", "limit": done.limit}
    return _results(folder)


def _results(folder: Path) -> dict[str, object]:
    try:
        with parent_of(folder, RESULTS) as (place, name):
            data, n_bytes = content(place, name, RESULTS)
        found = json.loads(data) if n_bytes <= MAX_RESULT_BYTES else None
    except (Refused, ValueError, RecursionError):
        return {"reason": "no_results"}
    if not isinstance(found, dict):
        return {"reason": "no_results"}
    studies = {str(name)[:80]: _numbers(one) for name, one in list(found.items())[:50] if isinstance(one, dict)}
    return {"reason": "ok", "found": studies}


def _numbers(given: Mapping[str, Any]) -> dict[str, float]:
    numbers = {str(key)[:80]: one for key, one in list(given.items())[:50] if isinstance(one, int | float)}
    return {key: float(one) for key, one in numbers.items() if abs(one) < 1e300 and math.isfinite(one)}
