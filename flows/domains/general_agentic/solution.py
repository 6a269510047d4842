"""The hidden solution of a task: the calls that solve it, and the evidence that each part of it rests on.

It is stored with the goal, apart from the task. The oracle plays it; composers play it to prove that it works.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Shown = tuple[str, dict[str, Any]]
"""A call in the words of its world: name of the tool, arguments."""


@dataclass(frozen=True)
class Part:
    """A stretch of the solution: calls that read, texts that their answers must show, and calls that write."""

    reads: Sequence[Shown]
    expects: Sequence[str]
    writes: Sequence[Shown]


def to_json(parts: Sequence[Part]) -> str:
    """The solution as stored in the hidden record."""
    return json.dumps(
        [[one.reads, one.expects, one.writes] for one in parts], ensure_ascii=False, separators=(",", ":")
    )


def from_json(text: str) -> list[Part]:
    """The solution of a hidden record."""
    return [Part(_calls(reads), expects, _calls(writes)) for reads, expects, writes in json.loads(text)]


def _calls(found: Sequence[Sequence[Any]]) -> list[Shown]:
    return [(name, arguments) for name, arguments in found]


def calls(parts: Sequence[Part]) -> Iterator[Shown]:
    """All calls in their order."""
    for part in parts:
        yield from (*part.reads, *part.writes)


def stated(value: str, text: str) -> bool:
    """True if a text states a value as a whole, not as a part of a longer word or number."""
    at = text.find(value)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(value) : at + len(value) + 1]
        if not before.isalnum() and before != "_" and not after.isalnum() and after != "_":
            return True
        at = text.find(value, at + 1)
    return False


def all_stated(expects: Sequence[str], answers: str) -> bool:
    """True if the answers, which are JSON, state each text that a part expects."""
    lines = answers.replace("\\n", "\n")
    return all(stated(text, lines) for text in expects)
