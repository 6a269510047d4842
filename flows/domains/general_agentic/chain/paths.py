"""Paths through the graph of relations: from something that the instruction can name to a slot of an effect."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from flows.domains.general_agentic.batch.work import Call
from flows.domains.general_agentic.chain.relations import RELATIONS, Reached, Relation, follow
from flows.domains.general_agentic.chain.world import Linked
from flows.domains.general_agentic.office.draws import Draws
from flows.environments.services.world import World

TRIES, LONGEST = 24, 4


@dataclass(frozen=True)
class Path:
    """The end of a path, and the calls that lead there."""

    end: Reached
    hops: tuple[tuple[tuple[Call, ...], Any], ...]
    """Calls of each hop, and the record or value that they show."""

    @property
    def calls(self) -> list[Call]:
        """All calls in their order."""
        return [call for calls, _ in self.hops for call in calls]

    @property
    def passed(self) -> tuple[Any, ...]:
        """Records on the way, the end included."""
        return tuple(target for _, target in self.hops)


class Paths:
    """Draws paths over one world as it is now."""

    def __init__(self, world: World, linked: Linked, draws: Draws) -> None:
        self.world, self.draws = world, draws
        self.touched: set[Any] = set()
        """Records that a write of the chain has changed; no path leads through them."""
        self.reached: list[Path] = []
        """Ends of earlier paths, from which later ones may start."""
        self._anchors = list(_anchors(linked))

    def draw(self, types: Sequence[str]) -> Path | None:
        """A path that ends in one of the types; None if none is found."""
        for _ in range(TRIES):
            path, shortest = self._start(), self.draws.choice((1, 2, 2, 3))
            for length in range(1, LONGEST + 1):
                steps, weights = onward(path.end.type, tuple(types), LONGEST - length)
                if not steps:
                    break
                longer = self.extend(path, self.draws.choices(steps, weights)[0])
                if longer is None:
                    break
                path = longer
                if path.end.type in types and length >= shortest:
                    return path
        return None

    def extend(self, path: Path, relation: Relation) -> Path | None:
        """The path with one relation more; None if it has no target, or leads to a changed record or in a circle."""
        found = follow(self.world.con, relation.name, self.world.setup.words, source=path.end.value)
        if found is None or found["target"] in self.touched or found["target"] in path.passed:
            return None
        values = {**found, "source": path.end.value}
        calls = tuple(
            (operation, {argument: values[column] for argument, column in given}) for operation, given in relation.calls
        )
        end = Reached(relation.target, found["target"], relation.phrase.format(path.end.words))
        return Path(end, (*path.hops, (calls, found["target"])))

    def _start(self) -> Path:
        untouched = [path for path in self.reached if not self.touched & set(path.passed)]
        if untouched and self.draws.chance(0.5):
            return self.draws.choice(untouched)
        while (path := self.draws.choice(self._anchors)).end.value in self.touched:
            pass
        return path


@cache
def onward(source: str, types: tuple[str, ...], left: int) -> tuple[list[Relation], list[int]]:
    """The relations from which one of the types can be reached in `left` more, and their weights.

    Those that end in a wanted type are three times as likely.
    """
    steps = [one for one in FROM.get(source, ()) if _distance(one.target, types) <= left]
    return steps, [3 if one.target in types else 1 for one in steps]


def _distance(source: str, types: Sequence[str]) -> int:
    """The number of relations from a type to the nearest of some types; LONGEST + 1 if none leads there."""
    return min(DISTANCES.get((source, one), LONGEST + 1) for one in types)


def _distances() -> dict[tuple[str, str], int]:
    names = {one.source for one in RELATIONS} | {one.target for one in RELATIONS}
    found = {(name, name): 0 for name in names}
    for length in range(1, LONGEST + 1):
        for (source, target), before in list(found.items()):
            for one in RELATIONS:
                if before == length - 1 and one.target == source:
                    found.setdefault((one.source, target), length)
    return found


FROM = {one.source: [other for other in RELATIONS if other.source == one.source] for one in RELATIONS}
DISTANCES = _distances()
"""(type, type) -> number of relations on the shortest way from the first to the second."""


def _anchors(linked: Linked) -> Iterator[Path]:
    for name, person in linked.people.items():
        yield Path(Reached("person", person, name), (((("people_search", {"name": name}),), person),))
    for name, account in linked.accounts.items():
        yield Path(Reached("account", account, f"the account {name}"), (((("accounts_list", {}),), account),))
    for path in linked.documents:
        yield Path(Reached("document", path, f"the document {path}"), (((), path),))
