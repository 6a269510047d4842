"""Chooses bugs for one task so that none hides another: each has failing tests of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from flows.domains.contract import Refused
from flows.domains.engineering.bugs.candidates import valid
from flows.domains.engineering.bugs.edit import Bug, overlap
from flows.domains.engineering.composers.stripped_tests import removable
from flows.domains.engineering.measure.laboratory import Laboratory
from flows.domains.engineering.measure.single import Single

PER_FITTING = 2
"""Bugs that are measured at once for each that is still wanted: about so many yield one that fits."""
FEWEST_OWN = 2
"""Test functions that only one bug fails: one to hide, one to stay."""


@dataclass(frozen=True)
class Chosen:
    """Bugs of one task, each with its measurement and its own test functions."""

    bugs: tuple[Bug, ...]
    singles: Mapping[str, Single]
    own: Mapping[str, frozenset[str]]
    """Bug id -> test functions that fail with this bug, and with no other bug of the task alone."""


@dataclass(frozen=True)
class Size:
    """The size of a task."""

    wanted: int
    """Bugs; measuring stops when so many fit together."""
    fewest: int
    """Bugs that will do if no more fit."""
    files: int
    """Fewest files with a bug."""


def choose(laboratory: Laboratory, offered: Sequence[Bug], size: Size) -> Chosen:
    """The first bugs of those offered that fit together.

    Raises Refused if they are too few, or in too few files.
    """
    chosen: list[Bug] = []
    singles: dict[str, Single] = {}
    fitting = (one for one in offered if valid(laboratory.texts, one))
    while part := list(islice(fitting, PER_FITTING * (size.wanted - len(chosen)))):
        singles |= laboratory.singles(part)
        for bug in part:
            full = len(chosen) == size.wanted
            if not full and singles[bug.id].refusal() is None and _fits(laboratory, chosen, bug, singles):
                chosen.append(bug)
    if len(chosen) < size.fewest:
        raise Refused("few_bugs")
    if len(frozenset[str]().union(*(one.paths for one in chosen))) < size.files:
        raise Refused("few_files")
    return Chosen(tuple(chosen), singles, _own(laboratory, chosen, singles))


def _fits(laboratory: Laboratory, chosen: list[Bug], bug: Bug, singles: Mapping[str, Single]) -> bool:
    if any(overlap(one, bug) for one in chosen):
        return False
    own = _own(laboratory, [*chosen, bug], singles)
    return all(len(one) >= FEWEST_OWN and one & singles[name].reportable.keys() for name, one in own.items())


def _own(laboratory: Laboratory, bugs: Sequence[Bug], singles: Mapping[str, Single]) -> dict[str, frozenset[str]]:
    found = {}
    for bug in bugs:
        others = frozenset[str]().union(*(singles[other.id].functions for other in bugs if other is not bug))
        alone = singles[bug.id].functions - others
        found[bug.id] = frozenset(one for one in alone if removable(laboratory.tests, one))
    return found
