"""The steps of a chain, and the values that each one needs and shows.

A value is known if the instruction or a tool's schema gives it, or if an answer before shows it. A chain is sound if
every value is known in time, and tight if no call that reads can be left out.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from flows.domains.general_agentic.solution import stated
from flows.environments.services.catalogue import OPERATIONS

FREE = frozenset({"page", "part", "status", "day"})
"""Arguments without a meaning, such as the length of a page."""
WORD = re.compile(r"[^\s\"'(),;:]+")

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Step:
    """One call of the chain with its answer; `thread` counts the sentences of the instruction."""

    operation: str
    arguments: Mapping[str, Any]
    answer: str
    thread: int
    weighed: frozenset[str] = frozenset()
    """Values of other records that had to be compared before this call could be made."""

    @property
    def writes(self) -> bool:
        """True if it changes the state."""
        return bool(OPERATIONS[self.operation].writes)

    def reads(self, tables: Collection[str]) -> bool:
        """True if it reads one of the tables."""
        return not set(OPERATIONS[self.operation].reads).isdisjoint(tables)

    @cached_property
    def key(self) -> Key:
        """Equal for equal calls."""
        return self.operation, *self.arguments.items()

    @cached_property
    def shows(self) -> frozenset[str]:
        """All values of its answer, and all words of its texts."""
        return _values(self.answer)

    def needs(self, known: str) -> set[str]:
        """The values that only an answer can give; `known` is the instruction and the choices of the schemas."""
        given = {str(value) for name, value in self.arguments.items() if name not in FREE}
        return {value for value in given | self.weighed if not stated(value, known)}


def sound(steps: Sequence[Step], known: str) -> bool:
    """True if every call gets its values from the instruction or from an answer before."""
    return all(_sources(steps, known))


def tight(steps: Sequence[Step], known: str) -> bool:
    """True if each call that reads is the only source of some value that a later call needs."""
    only = {sources[0] for sources in _sources(steps, known) if len(sources) == 1}
    return only.issuperset(place for place, step in enumerate(steps) if not step.writes)


def _sources(steps: Sequence[Step], known: str) -> Iterator[list[int]]:
    """For each value that a call needs, the places of the steps before that show it."""
    for place, step in enumerate(steps):
        for value in step.needs(known):
            yield [before for before in range(place) if value in steps[before].shows]


@lru_cache(maxsize=512)
def _values(answer: str) -> frozenset[str]:
    return frozenset(_leaves(json.loads(answer)))


def _leaves(found: Any) -> Iterator[str]:
    if isinstance(found, dict | list):
        for one in found.values() if isinstance(found, dict) else found:
            yield from _leaves(one)
    elif found is not None:
        yield str(found)
        if isinstance(found, str) and " " in found:
            yield from (word.rstrip(".") for word in WORD.findall(found))
