"""Reading a world through its tools as a player without knowledge does: lists page by page, ids out of answers.

Everything comes from the tools' schemas and answers; the setup is used for the schemas only.
"""

import json
from collections.abc import Generator, Iterator, Sequence
from typing import Any

from flows.environments.services.catalogue import tools
from flows.environments.tool import Answer, ToolCall, ToolSpec
from schemas.task import Task

Reading = Generator[Sequence[ToolCall], Sequence[Answer], list[dict[str, Any]]]
MAX_PAGES = 12


def specs(task: Task) -> list[ToolSpec]:
    """The tools of the task as the model sees them."""
    return [tool.spec for tool in tools(task.setup, "chat")]


def writing(task: Task) -> list[ToolSpec]:
    """Tools that write."""
    return [tool.spec for tool in tools(task.setup, "chat") if not tool.read_only]


def listing(task: Task) -> list[ToolSpec]:
    """Tools that list records in pages."""
    return [one for one in specs(task) if "page" in one.parameters["properties"]]  # type: ignore[operator]


def required(spec: ToolSpec) -> list[str]:
    """Names of the arguments that must be given."""
    names: Any = spec.parameters["required"]
    return list(names)


def choices(spec: ToolSpec, argument: str) -> list[str]:
    """The values that an argument may have; empty if they are not listed."""
    properties: Any = spec.parameters["properties"]
    return list(properties[argument].get("enum", ()))


def pages(spec: ToolSpec) -> Reading:
    """All pages of a list, without a filter, as records."""
    found: list[dict[str, Any]] = []
    for page in range(1, MAX_PAGES + 1):
        answers = yield [ToolCall(f"{spec.name}-{page}", spec.name, {"page": page})]
        if answers[0].kind != "ok":
            break
        records = [one for one in records_of(answers[0].text) if one]
        found += records
        if not records or _is_last(answers[0].text, page):
            break
    return found


def records_of(text: str) -> list[dict[str, Any]]:
    """The records of a list's answer: the value that is a list of objects."""
    parsed = json.loads(text)
    lists = [value for value in parsed.values() if isinstance(value, list)] if isinstance(parsed, dict) else []
    return [one for one in lists[0] if isinstance(one, dict)] if lists else []


def values_of(found: Any) -> Iterator[tuple[str, str]]:
    """(key, value) of every string in an answer, at any depth."""
    if isinstance(found, dict):
        for key, value in found.items():
            if isinstance(value, str):
                yield key, value
            yield from values_of(value)
    elif isinstance(found, list):
        for one in found:
            yield from values_of(one)


def _is_last(text: str, page: int) -> bool:
    """True if no number of the answer beside the total exceeds the page: the count of pages comes after the page."""
    numbers = [value for value in json.loads(text).values() if isinstance(value, int)]
    return len(numbers) > 2 and page >= numbers[2]
