"""Shortcuts: lazy plays that must fail on every task. None of them reads more than one page."""

import re
from collections import Counter
from collections.abc import Callable

from flows.domains.contract import Play
from flows.domains.search.players.explorer import QUOTED
from flows.domains.search.players.reading import call, hits
from schemas.task import Hidden, Task

NUMBER = re.compile(r"\d+")


def first_hit(task: Task, hidden: Hidden | None) -> Play:
    """Searches the question, opens the first hit, and answers with a number of it, or with its title."""
    answer = yield from call("search", query=task.instruction)
    for title, url in hits(answer.text)[:1]:
        page = yield from call("open", url=url)
        number = NUMBER.search(page.text)
        return number[0] if number and _wants_number(task) else title
    return None


def single_clue(task: Task, hidden: Hidden | None) -> Play:
    """Searches the longest quotation alone, and answers with the titles or the number of its hits."""
    quoted = [one or other for one, other in QUOTED.findall(task.instruction)]
    answer = yield from call("search", query=max(quoted, key=len, default=task.instruction))
    found = hits(answer.text)
    return str(len(found)) if _wants_number(task) else "; ".join(title for title, _ in found)


def majority(task: Task, hidden: Hidden | None) -> Play:
    """Searches every quotation, and answers with the title that is found most often, or with the number of titles."""
    titles = Counter[str]()
    for one, other in QUOTED.findall(task.instruction):
        answer = yield from call("search", query=one or other)
        titles.update(title for title, _ in hits(answer.text))
    best = titles.most_common(1)
    return str(len(titles)) if _wants_number(task) else best[0][0] if best else None


def constant(task: Task, hidden: Hidden | None) -> Play:
    """Answers 1, without a call."""
    yield from ()
    return "1"


def plain(task: Task, hidden: Hidden | None) -> Play:
    """Answers with the question's own words, without a call."""
    yield from ()
    return task.instruction[:80]


SHORTCUTS: dict[str, Callable[[Task, Hidden | None], Play]] = {
    one.__name__: one for one in (first_hit, single_clue, majority, constant, plain)
}


def _wants_number(task: Task) -> bool:
    return task.answer_form == "number"
