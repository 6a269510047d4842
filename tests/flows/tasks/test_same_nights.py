"""Nights are the same: on another number of cores and threads, and after a kill at any moment."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from flows.domains import domains
from flows.settings import Settings, Tasks
from flows.tasks.compose import run_tasks
from schemas import Hidden, Task
from tests.doubles.sites.region_wiki import write_region_wiki
from tests.flows.tasks.reading import rows
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
KILLS = int(os.environ.get("NIGHT_KILLS", "1"))
MEASURED = {"engineering", "ml_engineering", "task_folders", "mcp_server"}
"""Domains that run code while they compose, or need folders or servers of a user."""
EACH = 2
"""Tasks of each of the other domains."""
CHOSEN = [
    one.name
    for one in domains().values()
    if one.share and one.name not in MEASURED and all(find_spec(name) for name in one.packages)
]
CHILD = """
import os, sys
from datetime import date
from pathlib import Path
from tests.flows.tasks.test_same_nights import compose
if __name__ == "__main__":
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    compose(Path(sys.argv[1]), 2)
"""


def compose(home: Path, processes: int) -> dict[str, int | str]:
    """A night with tasks of every domain that composes without running code."""
    given: dict[str, Any] = {"per_night": EACH * len(CHOSEN), "share": dict.fromkeys(CHOSEN, 1.0), "probes": ["canary"]}
    return run_tasks(Settings(home=home, tasks=Tasks(**given)), DAY, silent, no_teacher, processes)


def no_teacher(*_: object) -> Any:
    raise AssertionError("no composer here needs a teacher")


def tasks(home: Path) -> dict[str, Any]:
    """Task id -> its rows of task and hidden truth, as JSON."""
    found: dict[str, Any] = {}
    for model in (Task, Hidden):
        for row in rows(home, model):
            found.setdefault(row["task_id"], []).append(json.dumps(row, default=str, sort_keys=True))
    return found


@pytest.mark.slow
def test_a_night_is_the_same_on_other_cores_and_after_kills(tmp_path: Path) -> None:
    """Tasks that depend on luck cannot be made again, and their attempts cannot be compared."""
    homes = [tmp_path / name for name in ("whole", "killed")]
    for home in homes:
        write_region_wiki(Lake(home / "lake"), DAY, 130)
    counts = compose(homes[0], 0)
    whole = tasks(homes[0])
    assert Counter(row["domain"] for row in rows(homes[0], Task)) == dict.fromkeys(CHOSEN, EACH), counts
    (tmp_path / "child.py").write_text(CHILD)
    dice, environment = random.Random(os.environ.get("KILL_SEED", "1")), os.environ | {"PYTHONPATH": str(Path.cwd())}
    for _ in range(KILLS):
        before = len(Lake(homes[1] / "lake").parts(Task))
        child = subprocess.Popen([sys.executable, tmp_path / "child.py", homes[1]], env=environment)
        while child.poll() is None and len(Lake(homes[1] / "lake").parts(Task)) == before:
            time.sleep(0.005)
        time.sleep(dice.random())
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
    kept = tasks(homes[1])
    assert 0 < len(kept) <= len(whole)
    compose(homes[1], 2)
    assert tasks(homes[1]) == whole
