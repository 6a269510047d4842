"""The oracle: works as a careful person does, and knows the module that solves the problem.

It looks at the data, fits default models, reads their errors, then writes the solution, validates it against the others
and submits. Its conclusions are scripted; every file that it writes is run.
"""

import json

from flows.domains.contract import Play
from flows.domains.ml_engineering.players.turns import Desk, facts_of
from schemas.task import Hidden, Task

DONE = "The submission is handed in. It was the best of the models in validation."
KINDS = ("boosted", "forest", "linear")


def solve(task: Task, hidden: Hidden | None) -> Play:
    """The whole work, one call per turn. Raises LookupError without a hidden record."""
    known, desk = _known(task, hidden), Desk(facts_of(task))
    yield from desk.run("cat DATA.md && ls -s")
    yield from desk.run("head -n 5 *.csv && wc -l *.csv")
    for name in ("explore", "relations"):
        yield from desk.write_script(name)
        yield from desk.run(f"python {name}.py")
    for name in ("validate", "default"):
        yield from desk.write_script(name)
    for kind in KINDS:
        yield from desk.run(f"python validate.py default {kind}")
    for name in ("predict", "errors"):
        yield from desk.write_script(name)
    yield from desk.run("python predict.py default baseline.csv")
    yield from desk.call("score", path="baseline.csv", note="boosted trees over raw columns")
    yield from desk.run("python errors.py default")
    if known["study"]:
        yield from desk.write("study.py", known["study"])
        yield from desk.run("python study.py")
    yield from desk.write("solution.py", known["solution"])
    yield from desk.run("python validate.py solution")
    yield from desk.run("python errors.py solution")
    yield from desk.run("python predict.py solution submission.csv")
    yield from desk.call("score", path="submission.csv", note="features after the law of the data")
    yield from desk.run("head -n 4 submission.csv && wc -l submission.csv sample_submission.csv")
    yield from desk.call("submit", path="submission.csv")
    return DONE


def prove(task: Task, hidden: Hidden | None) -> Play:
    """The solution alone, fitted once and submitted. Raises LookupError without a hidden record."""
    known, desk = _known(task, hidden), Desk(facts_of(task))
    yield from desk.write("solution.py", known["solution"])
    yield from desk.write_script("predict")
    yield from desk.run("python predict.py solution submission.csv")
    yield from desk.call("submit", path="submission.csv")
    return DONE


def _known(task: Task, hidden: Hidden | None) -> dict[str, str]:
    """The texts of the solution and of the study that finds it."""
    if hidden is None or hidden.oracle is None:
        raise LookupError(f"the task {task.task_id} has no stored solution, so the oracle cannot play it")
    known: dict[str, str] = json.loads(hidden.oracle)
    return known
