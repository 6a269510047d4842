"""Measures how much the constraints of instruction following bite, by writers that its composer does not use.

Lengths, tasks a minute and the shares of the policies are measured with the other domains that need no pages
(`seeded.py`).
"""

from collections.abc import Iterator
from itertools import combinations
from random import Random
from typing import NamedTuple

from flows.domains.instruction_following.composing.prove import missed_goal, satisfied, written
from flows.domains.instruction_following.families import Constraint
from flows.domains.instruction_following.families.delivery import Delivery
from tests.benchmarks.figure import Figure
from tests.flows.domains.instruction_following.playing import constraints, drafts, texts

FIRST_SEED = 50_000
TWIN = 0.7
"""Share of common shingles of three words, of all, from which two instructions are twins."""
NAMES = ("vacuous", "dropped_caught", "missed_caught", "families", "constraints_mean", "twins")
FIGURES = tuple(f"domains.instruction_following.{name}" for name in NAMES)


class Size(NamedTuple):
    """Tasks composed of handbooks."""

    tasks: int


FULL, SMOKE = Size(150), Size(3)


def figures(size: Size) -> Iterator[Figure]:
    """Each over all constraints of the tasks."""
    chosen = drafts(size.tasks, FIRST_SEED)
    cases = [(constraints(draft), texts(draft)) for draft in chosen]
    asked = [(place, some, shown) for some, shown in cases for place in range(len(some))]
    values = {
        "vacuous": sum(_vacuous(some[place], shown) for place, some, shown in asked),
        "dropped_caught": sum(not _without(place, some) for place, some, _ in asked) / len(asked),
        "missed_caught": sum(not _missed(place, some) for place, some, _ in asked) / len(asked),
        "families": len({one.family for some, _ in cases for one in some}),
        "constraints_mean": len(asked) / len(cases),
        "twins": _twins([draft.instruction for draft in chosen]) / len(chosen),
    }
    units = {"vacuous": "constraints", "families": "families", "constraints_mean": "constraints"}
    for name, value in values.items():
        unit, against = units.get(name, "share"), f"{len(asked)} constraints of {size.tasks} tasks"
        yield Figure(f"domains.instruction_following.{name}", round(value, 4), unit, against)


def _vacuous(one: Constraint, shown: dict[str, str]) -> bool:
    """True if a text satisfies it that quotes each document at random, or one that has nothing but headings."""
    draws = Random(len(shown))
    quoted = "\n\n".join(text[draws.randrange(len(text)) :][:3_000] for text in shown.values())
    bare = "# Report\n\n" + "\n\n".join(f"## {name}" for name in shown) + "\n\n---\n\nEnd\n"
    file = str(one.goal.get("report") or one.goal.get("file"))
    return any(satisfied(Delivery({file: text}, text), one) for text in (quoted, bare, ""))


def _without(place: int, some: list[Constraint]) -> bool:
    others = [*some[:place], *some[place + 1 :]]
    return satisfied(written(_report(some), others), some[place])


def _missed(place: int, some: list[Constraint]) -> bool:
    near = Constraint(some[place].family, missed_goal(some[place], Random(place)))
    return satisfied(written(_report(some), [*some[:place], near, *some[place + 1 :]]), some[place])


def _report(some: list[Constraint]) -> str:
    return str(next(one.goal["report"] for one in some if "report" in one.goal))


def _twins(instructions: list[str]) -> int:
    found = set[int]()
    sets = [{tuple(words[at : at + 3]) for at in range(len(words) - 2)} for words in map(str.split, instructions)]
    for (here, one), (there, other) in combinations(enumerate(sets), 2):
        if len(one & other) >= TWIN * len(one | other):
            found |= {here, there}
    return len(found)
