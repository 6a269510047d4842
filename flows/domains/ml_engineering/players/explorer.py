"""The explorer: a generic, careful pipeline that knows the instruction and the data only."""

from flows.domains.contract import Play
from flows.domains.ml_engineering.players.turns import Desk, facts_of
from schemas.task import Hidden, Task

DONE = "The better of two models is handed in."


def explore(task: Task, hidden: Hidden | None) -> Play:
    """Looks at the data, validates a default and a careful model, and submits the latter."""
    desk = Desk(facts_of(task))
    yield from desk.run("cat DATA.md && head -n 4 *.csv")
    for name in ("explore", "relations"):
        yield from desk.write_script(name)
        yield from desk.run(f"python {name}.py")
    for name in ("validate", "predict", "default", "careful"):
        yield from desk.write_script(name)
    for name in ("default", "careful"):
        yield from desk.run(f"python validate.py {name}")
    yield from desk.run("python predict.py careful submission.csv")
    yield from desk.call("score", path="submission.csv")
    yield from desk.call("submit", path="submission.csv")
    return DONE
