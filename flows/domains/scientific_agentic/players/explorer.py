"""The explorer: looks at all data and standards, then hands in a script that has no model of them."""

import re

from flows.domains.contract import Play
from flows.domains.scientific_agentic.families.instrument import STANDARDS
from flows.domains.scientific_agentic.players.desk import Desk
from flows.domains.scientific_agentic.scripts import script
from schemas.task import Hidden, Task

DONE = "A simple script is handed in."
STUDY = re.compile(r"^`(\w+)` \(", re.MULTILINE)
KEY = re.compile(r"^- `(\w+)`", re.MULTILINE)


def explore(task: Task, hidden: Hidden | None) -> Play:
    """Reads every study, measures each standard once, and reports medians."""
    desk = Desk()
    for name in ("explore", "profile"):
        yield from desk.write_script(name)
    for folder in STUDY.findall(task.instruction):
        for name in ("explore", "profile"):
            yield from desk.run(f"python {name}.py data/{folder}")
    yield from desk.measure(range(len(STANDARDS)), 10, 1)
    yield from desk.write("analyse.py", naive(task))
    yield from desk.run("python analyse.py data results.json")
    yield from desk.call("submit", path="analyse.py")
    return DONE


def naive(task: Task) -> str:
    """A script that reports a median for every result of a study."""
    _, *studies = STUDY.split(task.instruction)
    keys = {folder: KEY.findall(text) for folder, text in zip(studies[::2], studies[1::2], strict=True)}
    return script("naive", keys=keys)
