"""Draws what questions are made of: sets whose pages take enough reading, and attributes that all their pages have.

Sets of one question come from different corpora in turn where the night has several. The length of a question, in
windows of pages, is one of three levels around the target of the settings.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from flows.domains.contract import Refused
from flows.domains.search.sets.graph import Attribute, Graph, Listed, Page
from flows.domains.search.sets.searches import Searches

if TYPE_CHECKING:
    from flows.settings.tasks import Target

WINDOWS = 56
"""Windows to be read for a question of middle length where the settings have no target."""
LEVELS = (0.75, 0.95, 1.25)
"""Shares of those windows that a question has at least: the levels of difficulty."""
WEIGHTS = (3, 2, 1)
"""How often each level is drawn."""
MOST = 1.7
"""Share of those windows that a question of any level stays below."""
FEWEST_WINDOWS = 8
TOKENS_PER_WINDOW, SEARCHES = 1_100, 3
"""Tokens that reading a window takes, its call included; calls of a question beside those that read."""
TRIES = 60


@dataclass(frozen=True)
class Draw:
    """The dice of one question, the graph that it is drawn from, and the agent's searches."""

    dice: Random
    graph: Graph
    searches: Searches
    reads: range
    """Windows to be read for the question."""

    def attribute(self) -> Attribute:
        """An attribute, each kind equally likely."""
        return self._any(self.graph.attributes)

    def quantity(self, pages: Iterable[Page]) -> Attribute:
        """An attribute that all of the pages have and that can be added up, which years cannot. Raises Refused."""
        doc_ids = {page.doc_id for page in pages}
        usable = [one for one in self.graph.attributes if doc_ids <= one.values.keys() and not one.is_year]
        if not usable:
            raise Refused("attribute_missing")
        return self._any(usable)

    def _any(self, some: Sequence[Attribute]) -> Attribute:
        kind = self.dice.choice(sorted({one.kind for one in some}))
        return self.dice.choice([one for one in some if one.kind == kind])

    def sets(self, attribute: Attribute, least: int, most: int) -> list[Listed]:
        """So many different sets that have the attribute, together with enough to read. Raises Refused.

        As many as `least` if these suffice, else more, up to `most`.
        """
        usable = self.graph.lists_with(attribute)
        for _ in range(TRIES if usable else 0):
            chosen = self._some(usable, attribute, least, most)
            if len(chosen) >= least and windows_of(together(chosen, attribute)) in self.reads:
                return chosen
        raise Refused("no_sets")

    def _some(self, usable: Sequence[Listed], attribute: Attribute, least: int, most: int) -> list[Listed]:
        chosen: list[Listed] = []
        left = list(usable)
        while left and len(chosen) < most:
            other = [one for one in left if one.hub.corpus not in {have.hub.corpus for have in chosen}]
            one = self.dice.choice(other or left)
            left = [each for each in left if each.hub != one.hub]
            if windows_of(together([*chosen, one], attribute)) < self.reads.stop:
                chosen.append(one)
            if len(chosen) >= least and windows_of(together(chosen, attribute)) >= self.reads.start:
                break
        return chosen


def level(seed: int, target: "Target | None") -> range:
    """The windows to be read for the question of a seed: a level of the target's length."""
    given = []
    if target and target.calls:
        given.append(target.calls - SEARCHES)
    if target and target.tokens:
        given.append(target.tokens // TOKENS_PER_WINDOW)
    windows = max(FEWEST_WINDOWS, min(given, default=WINDOWS))
    (least,) = Random(f"{seed}/level").choices(LEVELS, WEIGHTS)  # noqa: S311
    return range(round(windows * least), round(windows * MOST) + 1)


def together(sets: Sequence[Listed], attribute: Attribute) -> list[Page]:
    """The different pages of the sets that have the attribute, in order of their addresses."""
    found = {page.url: page for one in sets for page in one.members if page.doc_id in attribute.values}
    return [found[url] for url in sorted(found)]


def windows_of(pages: Sequence[Page]) -> int:
    """Windows that `open` shows of the pages."""
    return sum(len(page.windows) for page in pages)
