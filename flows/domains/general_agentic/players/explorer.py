"""The explorer: knows the instruction and the tools, reads everything that hangs on the task, and decides nothing well.

It follows names in the instruction and ids in answers to the tools that take them. It cannot read a policy, so it fails
on most tasks; its play shows how much there is to read.
"""

import json
import re
from collections.abc import Generator, Sequence
from typing import Any

from flows.domains.contract import Play
from flows.domains.general_agentic.players.reading import listing, pages, required, specs, values_of, writing
from flows.environments.tool import Answer, ToolCall, ToolSpec
from schemas.task import Hidden, Task

PATH = re.compile(r"\w+/[\w.-]+\.txt")
MOST_READS = 400
ANSWER = "I have read everything that belongs to the task and could not decide it."


def explore(task: Task, hidden: Hidden | None) -> Play:
    """Lists everything, opens every record that is listed, and everything that those records name."""
    getters = _getters(task)
    known: dict[str, set[str]] = {argument: set() for argument in getters}
    queue = [("file", path) for path in PATH.findall(task.instruction)]
    for spec in listing(task):
        records = yield from pages(spec)
        queue += [pair for record in records for pair in values_of(record)]
    reads = 0
    while queue and reads < MOST_READS:
        key, value = queue.pop(0)
        getter = _getter(getters, known, key, value)
        if getter is None:
            continue
        known[required(getter)[0]].add(value)
        reads += 1
        queue += yield from _read(getter, value, reads)
    return ANSWER


def _getters(task: Task) -> dict[str, ToolSpec]:
    """Argument -> reading tool that requires nothing else."""
    writes = {spec.name for spec in writing(task)}
    readers = [one for one in specs(task) if one.name not in writes and one.name != "ask_user"]
    return {required(one)[0]: one for one in readers if len(required(one)) == 1}


def _getter(getters: dict[str, ToolSpec], known: dict[str, set[str]], key: str, value: str) -> ToolSpec | None:
    argument = "path" if PATH.fullmatch(value) else key
    spec = getters.get(argument)
    return spec if spec is not None and value not in known[argument] else None


def _read(spec: ToolSpec, value: str, number: int) -> Generator[Sequence[ToolCall], Sequence[Answer], list[Any]]:
    answers = yield [ToolCall(f"r{number}", spec.name, {required(spec)[0]: value})]
    if answers[0].kind not in {"ok", "empty"}:
        return []
    return list(values_of(json.loads(answers[0].text)))
