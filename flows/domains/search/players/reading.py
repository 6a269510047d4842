"""Calls of the search tools, and what their answers list, for scripted players that see the text alone."""

import re
from collections.abc import Generator, Sequence

from flows.environments.tool import Answer, ToolCall

Reading = Generator[Sequence[ToolCall], Sequence[Answer], Answer]
PART = re.compile(r"\(part \d+ of (\d+)\)$")
URL = re.compile(r"^(?:https?|file)://\S+$", re.MULTILINE)
MOST_PARTS = 40


def call(name: str, **arguments: object) -> Reading:
    """The answer of one call."""
    (answer,) = yield [ToolCall(name, name, arguments)]
    return answer


def hits(text: str) -> list[tuple[str, str]]:
    """(title, address) of each hit of a search, in order: an address is alone on the line below a title."""
    lines = text.split("\n")
    return [(lines[at - 1], line) for at, line in enumerate(lines) if at and URL.fullmatch(line)]


def parts(text: str) -> int:
    """Number of parts of an opened page."""
    found = PART.search(text.split("\n", 1)[0])
    return min(int(found[1]), MOST_PARTS) if found else 1
