"""Variety by seed: composed tasks differ in their calls and in their words."""

from itertools import combinations
from zlib import crc32

import pytest

from flows.domains.contract import Draft
from flows.domains.general_agentic import DOMAIN
from flows.domains.general_agentic.office.words import names
from flows.domains.general_agentic.solution import calls, from_json
from tests.flows.domains.general_agentic.playing import drafts

TWIN = 0.7
"""Share of common shingles, of all, from which two tasks are twins."""


def mixed(count: int, first: int = 5_000) -> list[Draft]:
    """Drafts of both composers, half and half."""
    half = -(-count // 2)
    each = [drafts.__wrapped__(one.name, int(half * 1.4) + 2, first)[:half] for one in DOMAIN.composers]
    assert [len(some) for some in each] == [half] * len(each)
    return [draft for some in each for draft in some]


def shingles(draft: Draft) -> frozenset[int]:
    """Hashes of three words in a row of the instruction, and of three calls in a row."""
    words = draft.instruction.split()
    path = [name for name, _ in calls(from_json(draft.oracle or ""))]
    runs = [" ".join(some[place : place + 3]) for some in (words, path) for place in range(len(some) - 2)]
    return frozenset(crc32(run.encode()) for run in runs)


def twins(chosen: list[Draft]) -> int:
    """The number of tasks that are a twin of another one."""
    sets = [shingles(draft) for draft in chosen]
    found = set[int]()
    for (here, one), (there, other) in combinations(enumerate(sets), 2):
        smaller, larger = sorted((len(one), len(other)))
        if smaller >= TWIN * larger and len(one & other) >= TWIN * len(one | other):
            found |= {here, there}
    return len(found)


def test_no_name_stands_for_two_columns() -> None:
    """Two columns of one name would hide one of them from the model."""
    shown = [name for some in names()["fields"].values() for name in some]
    assert len(shown) == len(set(shown))
    canonical = {*names()["fields"]}
    assert not [name for column, some in names()["fields"].items() for name in some if name in canonical - {column}]


@pytest.mark.slow
def test_tool_paths_differ_and_twins_are_rare() -> None:
    """A thousand tasks of one shape teach the shape."""
    chosen = mixed(100)
    assert len({draft.difficulty["tool_path"] for draft in chosen}) >= 0.8 * len(chosen)
    assert twins(chosen) <= 0.02 * len(chosen)
    assert len({draft.setup for draft in chosen}) == len(chosen)
