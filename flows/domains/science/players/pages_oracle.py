"""The oracle of studies over crawled pages: finds numbers in the windows that it opens, and computes in the sandbox.

It knows where to read and how to compute, but no number: without one of the pages it has no answer.
"""

import inspect
import json
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from flows.domains.contract import Play
from flows.domains.science.literature.number_on_page import number_in_table, number_on_page
from flows.domains.science.literature.procedures import PROCEDURES, Procedure
from flows.environments.numbered_calls import NumberedCalls, Turn
from flows.environments.tool import Answer, ToolCall

LOST = "I cannot find a number that I need."
Columns = Generator[Sequence[ToolCall], Sequence[Answer], list[list[float]]]


def solve_over_pages(route: Mapping[str, Any]) -> Play:
    """The whole study, one call per turn."""
    calls, factor, steps = NumberedCalls(), float(route["start"]), dict[str, float]()
    for number, leg in enumerate(route["parts"], 1):
        try:
            columns = yield from _columns(calls, leg)
        except LookupError:
            return LOST
        procedure = PROCEDURES[leg["procedure"]]
        steps = json.loads((yield from calls.call("python", code=_program(procedure, factor, columns))))
        for name, value in steps.items():
            yield from calls.call("record", part=number, step=name, value=value)
        factor = steps[procedure.result]
    factor, unit = route["unit"] or (1.0, "")
    return f"{steps[route['wanted']] * factor!r} {unit}".strip()


def _columns(calls: NumberedCalls, leg: Mapping[str, Any]) -> Columns:
    """The numbers of a part by quantity, read page by page. Raises LookupError on a page without one."""
    yield from calls.call("search", query=leg["hub"]["name"])
    hub = yield from _text(calls, leg["hub"])
    if not hub:
        raise LookupError("the page with the list is gone")
    columns: list[list[float]] = [[] for _ in leg["quantities"]]
    for page in leg["pages"]:
        yield from calls.call("find", url=page["url"], words=leg["quantities"][-1][1])
        text = yield from _text(calls, page)
        for column, (kind, label) in zip(columns, leg["quantities"], strict=True):
            in_table = leg["key"] and column is columns[0]
            column.append(
                number_in_table(leg["key"], label, page, hub) if in_table else number_on_page(kind, label, text)
            )
    return columns if len(columns) > 1 else [*columns, []]


def _text(calls: NumberedCalls, page: Mapping[str, Any]) -> Turn:
    """The text of the windows of a page that have its numbers; empty if there is no such page."""
    parts = list[str]()
    for place in page["windows"]:
        answer = yield from calls.use("open", url=page["url"], page=place)
        parts.append(answer.text.partition("\n\n")[2] if answer.kind == "ok" else "")
    return "".join(parts)


def _program(procedure: Procedure, factor: float, columns: Sequence[Sequence[float]]) -> str:
    """A program that computes a part and prints its steps."""
    source = inspect.getsource(procedure.compute).replace(": Numbers", "")
    call = f"{procedure.compute.__name__}({factor!r}, {columns[0]}, {columns[1]})"
    return f"import json\nimport math\n\n\n{source}\n\nprint(json.dumps({call}))\n"
