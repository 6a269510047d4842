"""Candidates of composers that need no pages: numbered seeds, and what earlier nights made tasks of.

A composer that draws its world from a seed takes them by `seeded(NAME)`. Each task stores its number in `difficulty`,
so that a night that runs again continues after the last one.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from flows.domains.contract import Corpus
from warehouse.connect import execute, query

DRAWS = 50
"""Seeds offered per task wanted; a composer that refuses more than that has a fault, and the night goes on."""


@dataclass(frozen=True)
class Seed:
    """One draw of a night; store `number` in the draft's `difficulty`."""

    number: int
    seed: int
    """63 bits, from the composer's name, the night, the settings' seed and the number."""


def made_before(corpus: Corpus, composer: str) -> set[str]:
    """The hashes, stored as `line` in `difficulty`, of what the composer made tasks of in any night."""
    return {row[0] for row in execute(corpus.con, query("tasks", "lines_made"), {"composer": composer}).fetchall()}


def seeded(composer: str) -> Callable[[Corpus], Iterator[Seed]]:
    """The candidates of a composer of that name."""

    def candidates(corpus: Corpus) -> Iterator[Seed]:
        values = {"composer": composer, "run_id": corpus.day.isoformat()}
        last = execute(corpus.con, query("tasks", "last_number"), values).fetchall()[0][0]
        for number in range(last + 1, last + 1 + corpus.wanted * DRAWS):
            place = (corpus.settings.seed, corpus.day.isoformat(), composer, number)
            yield Seed(number, int.from_bytes(hashlib.sha256(repr(place).encode()).digest()[:8], "big") >> 1)

    return candidates
