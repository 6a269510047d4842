"""Keeps, for a chain in the making, which answers show each value, so that a step is checked without its predecessors.

The chain stays tight at every step: each call that reads is the only source of some value that a later call needs.
`steps.tight` proves the same of the finished chain from scratch.
"""

from collections.abc import Mapping, Sequence

from flows.domains.general_agentic.chain.steps import Step
from flows.domains.general_agentic.solution import stated


class Ledger:
    """The values of a chain's steps so far."""

    def __init__(self) -> None:
        self._shown: dict[str, list[int]] = {}
        """Value -> places of the steps whose answers show it."""
        self._only: dict[int, set[str]] = {}
        """Place of a read -> values of which it is the only source of some later call."""
        self._length = 0

    def possible(self, n_reads: int, needs: Sequence[set[str]]) -> bool:
        """False if the chain cannot stay tight, whatever so many new reads show: too few values are new to it."""
        return len({value for needed in needs for value in needed if value not in self._shown}) >= n_reads

    def add(self, reads: Sequence[Step], needs: Sequence[set[str]], sentence: str) -> bool:
        """Add the steps of a sentence, reads before writes, if the chain stays sound and tight.

        `needs` are the values that each of them takes from answers. The answers of the writes are not there yet:
        `answered` adds what they show.
        """
        here = self._length
        shown = [step.shows for step in reads]
        only = _without_stated(self._only, sentence) | {here + place: set() for place in range(len(reads))}
        for place, needed in enumerate(needs):
            for value in needed:
                sources = [*self._shown.get(value, ()), *_places(value, shown[:place], here)]
                if not sources:
                    return False
                if len(sources) == 1 and sources[0] in only:
                    only[sources[0]].add(value)
        if not all(only.values()):
            return False
        for place, step in enumerate(reads, here):
            self.answered(place, step)
        self._only, self._length = only, here + len(needs)
        return True

    def answered(self, place: int, step: Step) -> None:
        """Note what the answer of the step at a place shows."""
        for value in step.shows:
            self._shown.setdefault(value, []).append(place)


def _places(value: str, shown: Sequence[frozenset[str]], first: int) -> list[int]:
    return [place for place, values in enumerate(shown, first) if value in values]


def _without_stated(only: Mapping[int, set[str]], sentence: str) -> dict[int, set[str]]:
    return {
        place: {one for one in values if one not in sentence or not stated(one, sentence)}
        for place, values in only.items()
    }
