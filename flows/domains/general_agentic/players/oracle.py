"""The oracle: plays the hidden solution, but acts on a part of it only after it has seen the evidence of that part.

So it fails where evidence is taken away, which proves on a sample that the evidence must be read.
"""

from collections.abc import Generator, Sequence

from flows.domains.contract import Play
from flows.domains.general_agentic.solution import Shown, all_stated, from_json
from flows.environments.tool import Answer, ToolCall
from schemas.task import Hidden, Task

DONE = "Everything is done."
LOST = "I cannot find what I need."


def solve(task: Task, hidden: Hidden | None) -> Play:
    """The calls of the solution, one per turn. Raises LookupError without a hidden record."""
    if hidden is None or hidden.oracle is None:
        raise LookupError(f"the task {task.task_id} has no stored solution, so the oracle cannot play it")
    number = 0
    for part in from_json(hidden.oracle):
        seen = ""
        for call in part.reads:
            number += 1
            seen += yield from _turn(call, number)
        if not all_stated(part.expects, seen):
            if not part.writes:
                return LOST
            continue
        for call in part.writes:
            number += 1
            yield from _turn(call, number)
    return DONE


def _turn(call: Shown, number: int) -> Generator[Sequence[ToolCall], Sequence[Answer], str]:
    answers = yield [ToolCall(f"c{number}", *call)]
    return "\n".join(answer.text for answer in answers)
