"""The oracle: knows which pages are in force, reads them, computes every step in the sandbox, and records it."""

import json

from flows.domains.contract import Play
from flows.domains.science.players.desk import Desk, printed, program
from flows.domains.science.players.pages_oracle import solve_over_pages
from flows.domains.science.topics import TOPICS
from flows.domains.science.world.pages_room import is_over_pages
from schemas.task import Hidden, Task


def solve(task: Task, hidden: Hidden | None) -> Play:
    """The whole study, one call per turn. Raises LookupError without a hidden record."""
    if hidden is None or hidden.oracle is None:
        raise LookupError(f"the task {task.task_id} has no stored solution, so the oracle cannot play it")
    route, desk, results = json.loads(hidden.oracle), Desk(), list[float]()
    if is_over_pages(task.setup):
        return (yield from solve_over_pages(route))
    yield from desk.read(route["rules"])
    for leg in route["parts"]:
        yield from desk.leg(leg)
        values = dict(leg["given"])
        for step in TOPICS[leg["topic"]].steps:
            text = yield from desk.call("python", code=program(step, values))
            values[step.name] = printed(text, step)
            yield from desk.call("record", part=leg["number"], step=step.name, value=values[step.name])
        results.append(float(values[TOPICS[leg["topic"]].result.name]))
    yield from desk.call("search", query=route["index"]["query"])
    yield from desk.read(route["index"]["page"])
    terms = [
        [weight, level, result] for (_, weight, level), result in zip(route["index"]["terms"], results, strict=True)
    ]
    code = f"terms = {terms}\nprint(sum(weight * result / level for weight, level, result in terms))\n"
    return str((yield from desk.call("python", code=code))).strip()
