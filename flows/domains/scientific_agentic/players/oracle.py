"""The oracle: works as a careful person does, and knows which model fits each study.

It measures and fits the instrument itself, so its script has the constants that its own readings gave.
"""

import json

from flows.domains.contract import Play
from flows.domains.scientific_agentic.composing.solution import solution_of
from flows.domains.scientific_agentic.players.desk import Desk, filled, studies_of
from schemas.task import Hidden, Task

DONE = "The script is handed in. Both halves of the data gave the same results."


def solve(task: Task, hidden: Hidden | None) -> Play:
    """The whole work, one call per turn. Raises LookupError without a hidden record."""
    solution, desk = _solution(task, hidden), Desk()
    yield from desk.run("cat STANDARDS.csv && ls -l data/*")
    constants = yield from desk.calibrate()
    for name in ("explore", "profile"):
        yield from desk.write_script(name)
    for folder, family in studies_of(task).items():
        yield from desk.run(f"python explore.py data/{folder}")
        yield from desk.run(f"python profile.py data/{folder}")
        yield from desk.write(f"{folder}.py", filled(solution_of({folder: family}), *constants))
        yield from desk.run(f"python {folder}.py data {folder}.json")
    yield from desk.write("analyse.py", filled(solution, *constants))
    yield from desk.run("python analyse.py data results.json")
    yield from desk.write_script("halves")
    yield from desk.run("python halves.py")
    yield from desk.call("submit", path="analyse.py")
    return DONE


def prove(task: Task, hidden: Hidden | None) -> Play:
    """The calibration and the script alone. Raises LookupError without a hidden record."""
    solution, desk = _solution(task, hidden), Desk()
    constants = yield from desk.calibrate()
    yield from desk.write("analyse.py", filled(solution, *constants))
    yield from desk.call("submit", path="analyse.py")
    return DONE


def _solution(task: Task, hidden: Hidden | None) -> str:
    """The script before its instrument is calibrated."""
    if hidden is None or hidden.oracle is None:
        raise LookupError(f"the task {task.task_id} has no stored solution, so the oracle cannot play it")
    found: str = json.loads(hidden.oracle)["solution"]
    return found
