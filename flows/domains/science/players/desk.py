"""Reading of a player, page by page, and programs that compute one step."""

import inspect
from collections.abc import Generator, Mapping, Sequence
from typing import Any

from flows.domains.science.topics.topic import Step
from flows.environments.numbered_calls import NumberedCalls
from flows.environments.tool import Answer, ToolCall

Reading = Generator[Sequence[ToolCall], Sequence[Answer], None]


class Desk(NumberedCalls):
    """Reads pages of the library."""

    def read(self, address: str) -> Reading:
        """All parts of a page."""
        text = yield from self.call("open", address=address)
        for part in range(2, 1 + _parts(text)):
            yield from self.call("open", address=address, part=part)

    def leg(self, leg: Mapping[str, Any]) -> Reading:
        """The pages of one part of the study, each found by a search."""
        for one in leg["reads"]:
            yield from self.call("search", query=one["query"])
            for page in one["pages"]:
                yield from self.read(page)


def program(step: Step, values: Mapping[str, Any]) -> str:
    """A program that computes a step and prints it in full precision."""
    given = ", ".join(f"{name}={values[name]!r}" for name in step.needs)
    return f"import math\n\n\n{inspect.getsource(step.compute)}\n\nprint({step.compute.__name__}({given}))\n"


def printed(text: str, step: Step) -> float | str:
    """The value that a program of a step printed, of the step's type."""
    kind: type[int | float | str] = step.compute.__annotations__["return"]
    return kind(text.strip())


def _parts(text: str) -> int:
    """Parts of a page, from the first line of its first one."""
    first = text.partition("\n")[0]
    return int(first.removesuffix(")").rpartition(" ")[2]) if first.startswith("(part ") else 1
