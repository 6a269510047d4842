"""Hides half of the failing tests: their functions leave the files of tests that the agent sees.

Each bug keeps at least one failing test in the workspace, and loses at least one to the hidden ones.
"""

import math
from collections.abc import Iterable, Mapping
from random import Random

from flows.domains.engineering.composers.choose import Chosen
from flows.domains.engineering.composers.stripped_tests import removable


def split(chosen: Chosen, failing: Iterable[str], tests: Mapping[str, str], dice: Random) -> frozenset[str]:
    """The test functions to hide, of all that fail. Of each bug, one whose symptom can be reported stays."""
    hidden: set[str] = set()
    placed: set[str] = set()
    for name, functions in chosen.own.items():
        reported = dice.choice(sorted(functions & chosen.singles[name].reportable.keys()))
        mixed = dice.sample(sorted(functions - {reported}), len(functions) - 1)
        hidden.update(mixed[: math.ceil(len(functions) / 2)])
        placed.update(functions)
    others = [one for one in sorted(set(failing) - placed) if removable(tests, one)]
    hidden.update(dice.sample(others, len(others) // 2))
    return frozenset(hidden)
