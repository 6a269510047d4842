"""Paths through the graph of relations: from something that the instruction can name to a slot of an effect."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import accumulate
from typing import Any

from flows.domains.general_agentic.batch.work import Call
from flows.domains.general_agentic.chain.rankings import RANKINGS, Ranking
from flows.domains.general_agentic.chain.relations import RELATIONS, Hop, Reached, Relation, tables_of
from flows.domains.general_agentic.chain.world import Linked
from flows.domains.general_agentic.office.draws import Draws
from flows.environments.services.world import World

TRIES, LONGEST = 24, 4
GROUPS_SHARE = 0.4
"""Share of the paths that start at a group of records, among which one is chosen."""
Edge = Relation | Ranking
EDGES: tuple[Edge, ...] = (*RELATIONS, *RANKINGS)


@dataclass(frozen=True)
class Path:
    """The end of a path, and the calls that lead there."""

    end: Reached
    hops: tuple[Hop, ...]

    @property
    def calls(self) -> Iterator[tuple[Call, frozenset[str]]]:
        """All calls in their order, each with the values that had to be weighed for it."""
        weighed = frozenset[str]()
        for hop in self.hops:
            for call in hop.calls:
                yield call, weighed
                weighed = frozenset()
            weighed = hop.weighed

    @property
    def weighed(self) -> frozenset[str]:
        """Values that had to be weighed to choose the end."""
        return self.hops[-1].weighed

    @cached_property
    def passed(self) -> frozenset[Any]:
        """Records on the way, the end and all that were compared included."""
        return frozenset(one for hop in self.hops for one in (hop.target, *hop.candidates))


class Paths:
    """Draws paths over one world as it is now."""

    def __init__(self, world: World, linked: Linked, draws: Draws) -> None:
        self.world, self.draws = world, draws
        self.touched: set[Any] = set()
        """Records that a write of the chain has changed; no path leads through them."""
        self.reached: list[Path] = []
        """Ends of earlier paths, from which later ones may start."""
        self._hops = dict[tuple[str, Any], Hop | None]()
        """(relation, record) -> where it leads, until a table of the relation is written to."""
        self._records, self._groups = list(_records(linked)), list(_groups(linked))

    def draw(self, types: tuple[str, ...]) -> Path | None:
        """A path that ends in one of the types; None if none is found."""
        for _ in range(TRIES):
            path, shortest = self._start(), self.draws.choice((1, 2, 2, 3))
            for length in range(1, LONGEST + 1):
                steps, weights = onward(path.end.type, types, LONGEST - length)
                if not steps:
                    break
                longer = self.extend(path, self.draws.choices(steps, cum_weights=weights)[0])
                if longer is None:
                    break
                path = longer
                if path.end.type in types and length >= shortest:
                    return path
        return None

    def extend(self, path: Path, relation: Edge) -> Path | None:
        """The path with one relation more; None if it has no target, or leads to a changed record or in a circle."""
        hop = self._hop(relation, path.end.value)
        if hop is None or self.touched & {hop.target, *hop.candidates} or hop.target in path.passed:
            return None
        end = Reached(relation.target, hop.target, relation.phrase.format(path.end.words))
        return Path(end, (*path.hops, hop))

    def written(self, tables: Collection[str]) -> None:
        """Take note that tables were written to."""
        self._hops = {key: hop for key, hop in self._hops.items() if tables_of(key[0]).isdisjoint(tables)}

    def _hop(self, relation: Edge, source: Any) -> Hop | None:
        key = relation.name, source
        if key not in self._hops:
            self._hops[key] = relation.hop(self.world, source)
        return self._hops[key]

    def _start(self) -> Path:
        if self.reached and self.draws.chance(0.5):
            path = self.draws.choice(self.reached)
            if self.touched.isdisjoint(path.passed):
                return path
        anchors = self._groups if self.draws.chance(GROUPS_SHARE) else self._records
        while (path := self.draws.choice(anchors)).end.value in self.touched:
            pass
        return path


@cache
def onward(source: str, types: tuple[str, ...], left: int) -> tuple[list[Edge], list[int]]:
    """The relations from which one of the types can be reached in `left` more, and their weights added up.

    Those that end in a wanted type are three times as likely, and so are those that compare records.
    """
    steps = [one for one in FROM.get(source, ()) if _distance(one.target, types) <= left]
    weights = [(3 if one.target in types else 1) * (3 if isinstance(one, Ranking) else 1) for one in steps]
    return steps, list(accumulate(weights))


def _distance(source: str, types: Sequence[str]) -> int:
    """The number of relations from a type to the nearest of some types; LONGEST + 1 if none leads there."""
    return min(DISTANCES.get((source, one), LONGEST + 1) for one in types)


def _distances() -> dict[tuple[str, str], int]:
    names = {one.source for one in EDGES} | {one.target for one in EDGES}
    found = {(name, name): 0 for name in names}
    for length in range(1, LONGEST + 1):
        for (source, target), before in list(found.items()):
            for one in EDGES:
                if before == length - 1 and one.target == source:
                    found.setdefault((one.source, target), length)
    return found


FROM = {one.source: [other for other in EDGES if other.source == one.source] for one in EDGES}
DISTANCES = _distances()
"""(type, type) -> number of relations on the shortest way from the first to the second."""


def _records(linked: Linked) -> Iterator[Path]:
    for name, person in linked.people.items():
        yield Path(Reached("person", person, name), (Hop(person, (("people_search", {"name": name}),)),))
    for name, account in linked.accounts.items():
        yield Path(Reached("account", account, f"the account {name}"), (Hop(account, (("accounts_list", {}),)),))
    for path in linked.documents:
        yield Path(Reached("document", path, f"the document {path}"), (Hop(path, ()),))


def _groups(linked: Linked) -> Iterator[Path]:
    for kind, values in linked.groups.items():
        yield from (Path(Reached(kind, value, f'"{value}"'), (Hop(value, ()),)) for value in values)
