"""Shortcuts: lazy plays that must fail on every study."""

import re
from collections.abc import Callable

from flows.domains.contract import Play
from flows.domains.science.players.desk import Desk
from flows.domains.science.players.explorer import CODE
from flows.domains.science.players.pages_shortcuts import first_hit, one_procedure
from flows.domains.science.world.pages_room import is_over_pages
from schemas.task import Hidden, Task

ROW = re.compile(r"^\| (\S+) \| (\S+) \| (\S+) \|$", re.MULTILINE)
NUMBER = re.compile(r"\b[1-9]\d*(?:\.\d+)?\b")


def plain(task: Task, hidden: Hidden | None) -> Play:
    """Answers at once, in words."""
    yield from ()
    return "The index cannot be given without measurements."


def constant(value: str) -> Callable[[Task, Hidden | None], Play]:
    """Answers with a fixed number."""

    def play(task: Task, hidden: Hidden | None) -> Play:
        yield from ()
        return value

    return play


def bound(task: Task, hidden: Hidden | None) -> Play:
    """Answers with the last number of the instruction."""
    yield from ()
    return str(re.findall(r"\d+(?:\.\d+)?", task.instruction)[-1])


def levels(task: Task, hidden: Hidden | None) -> Play:
    """Reads the index only, and takes every result for its reference level; of crawled pages, only the first hit."""
    if is_over_pages(task.setup):
        return (yield from first_hit(task, hidden))
    desk = Desk()
    for code in dict.fromkeys(CODE.findall(task.instruction)):
        text = yield from desk.call("open", address=f"indices/{code}")
        if rows := ROW.findall(text):
            return str(sum(float(weight) for name, weight, _ in rows if CODE.fullmatch(name)))
    return "1"


def one_step(task: Task, hidden: Hidden | None) -> Play:
    """Reads one data sheet, and multiplies its first two numbers; of crawled pages, one mean over the first hits."""
    if is_over_pages(task.setup):
        return (yield from one_procedure(task, hidden))
    desk, numbers = Desk(), list[str]()
    for code in dict.fromkeys(CODE.findall(task.instruction)):
        text = yield from desk.call("open", address=f"specimens/{code}")
        numbers += NUMBER.findall(text)
    found = yield from desk.call("python", code=f"print({' * '.join(numbers[:2]) or 0})")
    return str(found).strip()


SHORTCUTS: dict[str, Callable[[Task, Hidden | None], Play]] = {
    "plain": plain, "zero": constant("0"), "one": constant("1"), "bound": bound, "levels": levels, "one_step": one_step,
}  # fmt: skip
