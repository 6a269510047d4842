"""Shortcuts: lazy plays that must fail on every task, since none of them reads for the requirements."""

from collections.abc import Callable

from flows.domains.contract import Play
from flows.domains.instruction_following.composing.plain import echo, lorem, markdown, summary
from flows.domains.instruction_following.families.outline import Outline
from flows.domains.instruction_following.players.readers import DONE, deliverables, read_all, write_all
from flows.environments.tool import ToolCall
from schemas.task import Hidden, Task

Player = Callable[[Task, Hidden | None], Play]


def do_nothing(task: Task, hidden: Hidden | None) -> Play:
    """Answer at once."""
    yield from ()
    return DONE


def plain_answer(task: Task, hidden: Hidden | None) -> Play:
    """Write meaningless prose in the usual shape, without reading."""
    yield from write_all(dict.fromkeys(deliverables(task), lorem(task.instruction, {})))
    return DONE


def constant(task: Task, hidden: Hidden | None) -> Play:
    """Write the same text for every task, in the layout that tasks require."""
    yield from write_all({name: Outline(name).text() for name in deliverables(task)})
    return DONE


def repeat_task(task: Task, hidden: Hidden | None) -> Play:
    """Deliver the instruction."""
    yield from write_all(dict.fromkeys(deliverables(task), echo(task.instruction, {})))
    return task.instruction


def copy_page(task: Task, hidden: Hidden | None) -> Play:
    """Deliver the first page that is listed."""
    answers = yield [ToolCall("list", "documents", {})]
    name = answers[0].text.split(":")[0]
    (page,) = yield [ToolCall("open", "open", {"name": name})]
    yield from write_all(dict.fromkeys(deliverables(task, [name]), page.text))
    return page.text[:1_000]


def plain_report(task: Task, hidden: Hidden | None) -> Play:
    """Read everything, and deliver one sentence of each document."""
    seen = yield from read_all()
    yield from write_all(dict.fromkeys(deliverables(task, seen), summary(task.instruction, seen)))
    return markdown(task.instruction, seen)


SHORTCUTS: dict[str, Player] = {
    "do_nothing": do_nothing, "plain_answer": plain_answer, "constant": constant, "repeat_task": repeat_task,
    "copy_page": copy_page, "plain_report": plain_report,
}  # fmt: skip
