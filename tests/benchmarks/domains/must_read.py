"""Measures how much of what an office task rests on must be read: the oracle plays without one record at a time.

The oracle acts on a part of its solution only after it has seen the evidence of that part, so a record whose loss it
survives is one that nobody has to read.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from flows.domains.general_agentic import DOMAIN
from flows.domains.general_agentic.players import PLAYERS
from tests.benchmarks.figure import Figure, share
from tests.flows.domains.general_agentic.playing import drafts, play, rows, solved
from tests.flows.domains.general_agentic.resting import without_rows

FIRST_SEED = 20_000


class Size(NamedTuple):
    """Seeds tried for each composer, and records taken away from each task, one at a time."""

    seeds: int
    records: int


FULL, SMOKE = Size(24, 4), Size(2, 1)
FIGURES = ("domains.general_agentic.must_read",)


def figures(size: Size) -> Iterator[Figure]:
    """The share of the records without which the oracle fails."""
    chosen = [draft for one in DOMAIN.composers for draft in drafts(one.name, size.seeds, FIRST_SEED)]
    failed = 0
    poorer = [one for draft in chosen for one, _ in without_rows(draft, Random(1), size.records)]
    for draft in poorer:
        task, hidden = rows(draft)
        failed += not solved(play(task, hidden, PLAYERS.oracle))
    yield Figure(
        FIGURES[0],
        share(failed, len(poorer), "no task has a record"),
        "share",
        f"{len(poorer)} records of {len(chosen)} tasks",
    )
