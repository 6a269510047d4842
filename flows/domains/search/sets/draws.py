"""Draws what questions are made of: sets whose pages take enough reading, and attributes that all their pages have.

Sets of one question come from different corpora in turn where the night has several.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from flows.domains.contract import Refused
from flows.domains.search.sets.graph import Attribute, Graph, Listed, Page
from flows.domains.search.sets.searches import Searches

READS = range(42, 96)
"""Windows to be read for one question: enough for a long horizon, and within the window of a model."""
TRIES = 60
COMMON_SHARE = 0.7
"""Share of a set's pages that must have an attribute; the others are left out, and the question notes it."""


@dataclass(frozen=True)
class Draw:
    """The dice of one question, the graph that it is drawn from, and the agent's searches."""

    dice: Random
    graph: Graph
    searches: Searches

    def attribute(self) -> Attribute:
        """An attribute, each kind equally likely."""
        kinds = sorted({one.kind for one in self.graph.attributes})
        kind = self.dice.choice(kinds)
        return self.dice.choice([one for one in self.graph.attributes if one.kind == kind])

    def sets(self, attribute: Attribute, least: int, most: int) -> list[Listed]:
        """So many different sets that have the attribute, together with enough to read. Raises Refused.

        As many as `least` if these suffice, else more, up to `most`.
        """
        usable = [one for one in self.graph.lists if _has(attribute, one)]
        for _ in range(TRIES if usable else 0):
            chosen = self._some(usable, attribute, least, most)
            if len(chosen) >= least and windows_of(together(chosen, attribute)) in READS:
                return chosen
        raise Refused("no_sets")

    def _some(self, usable: Sequence[Listed], attribute: Attribute, least: int, most: int) -> list[Listed]:
        chosen: list[Listed] = []
        left = list(usable)
        while left and len(chosen) < most:
            other = [one for one in left if one.hub.corpus not in {have.hub.corpus for have in chosen}]
            one = self.dice.choice(other or left)
            left = [each for each in left if each.hub != one.hub]
            if windows_of(together([*chosen, one], attribute)) < READS.stop:
                chosen.append(one)
            if len(chosen) >= least and windows_of(together(chosen, attribute)) >= READS.start:
                break
        return chosen


def together(sets: Sequence[Listed], attribute: Attribute) -> list[Page]:
    """The different pages of the sets that have the attribute, in order of their addresses."""
    found = {page.url: page for one in sets for page in one.members if page.doc_id in attribute.values}
    return [found[url] for url in sorted(found)]


def windows_of(pages: Sequence[Page]) -> int:
    """Windows that `open` shows of the pages."""
    return sum(len(page.windows) for page in pages)


def _has(attribute: Attribute, one: Listed) -> bool:
    n = sum(page.doc_id in attribute.values for page in one.members)
    return n >= max(3, COMMON_SHARE * len(one.members))
