"""Shortcuts of studies over crawled pages: none of them reads what a study rests on."""

import re
from collections.abc import Generator, Sequence

from flows.domains.contract import Play
from flows.domains.science.literature.procedures import PROCEDURES
from flows.domains.search.players.explorer import QUOTED
from flows.domains.search.players.reading import call, hits
from flows.environments.tool import Answer, ToolCall
from schemas.task import Hidden, Task

NUMBER = re.compile(r"(?<![\w.])\d[\d,]*(?:\.\d+)?")


def first_hit(task: Task, hidden: Hidden | None) -> Play:
    """Searches the instruction, opens the first hit, and answers with its first number."""
    numbers = yield from _numbers(task.instruction, 1)
    return numbers[0] if numbers else "1"


def one_procedure(task: Task, hidden: Hidden | None) -> Play:
    """Reads the first hits of each quoted name, takes all their numbers together, and computes one power mean."""
    quoted = [one or other for one, other in QUOTED.findall(task.instruction)]
    numbers = list[str]()
    for words in dict.fromkeys(quoted):
        numbers += yield from _numbers(words, 2)
    values = [value for one in numbers if (value := float(one.replace(",", "")))]
    steps = PROCEDURES["power"].compute(1.0, values or [1.0], [])
    return str(steps["power_mean"])


def _numbers(words: str, most: int) -> Generator[Sequence[ToolCall], Sequence[Answer], list[str]]:
    """The numbers of the first hits of a search."""
    answer = yield from call("search", query=words)
    found = list[str]()
    for _, url in hits(answer.text)[:most]:
        page = yield from call("open", url=url)
        found += NUMBER.findall(page.text)
    return found
