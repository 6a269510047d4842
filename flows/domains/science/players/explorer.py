"""The explorer: looks up every code of the instruction, and reads the pages that it finds. It computes nothing."""

import re

from flows.domains.contract import Play
from flows.domains.science.players.desk import Desk
from flows.domains.science.world.pages_room import is_over_pages
from flows.domains.search.players.explorer import explore as explore_pages
from schemas.task import Hidden, Task

CODE = re.compile(r"\b[A-Z]{2}-\d+\b")
ADDRESS = re.compile(r"^[a-z]+/[\w-]+$", re.MULTILINE)
ANSWER = "I have read the library and could not work the study out."


def explore(task: Task, hidden: Hidden | None) -> Play:
    """Searches each code, and opens each page found once."""
    if is_over_pages(task.setup):
        return (yield from explore_pages(task, hidden))
    desk, known = Desk(), {"rules"}
    yield from desk.read("rules")
    for code in dict.fromkeys(CODE.findall(task.instruction)):
        text = yield from desk.call("search", query=code)
        for address in ADDRESS.findall(text):
            if address not in known and len(known) < 60:
                known.add(address)
                yield from desk.read(address)
    return ANSWER
