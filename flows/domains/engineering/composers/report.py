"""Writes the instruction of a task as reports of users: calls with their results, and no word of tests or files."""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from random import Random

from flows.domains.contract import Refused
from flows.domains.engineering.composers.choose import Chosen
from flows.domains.engineering.measure.single import Symptom
from flows.domains.engineering.sources.allowlist import Source

WORDS = tomllib.loads((Path(__file__).parent / "instructions.toml").read_text("utf-8"))
EXAMPLES = 2
"""Examples of one problem in the instruction."""
KINDS = ("value", "raises", "no_raise", "false")
"""Kinds of symptoms, the clearest first."""


def symptoms(chosen: Chosen, visible: Collection[str], dice: Random) -> list[list[Symptom]]:
    """The examples of each bug, of failures whose tests stay in the workspace. Raises Refused if a bug has none."""
    found = []
    for bug in chosen.bugs:
        reportable = chosen.singles[bug.id].reportable
        own = [one for function in sorted(chosen.own[bug.id] & set(visible)) for one in reportable.get(function, ())]
        if not own:
            raise Refused("no_symptom")
        found.append(_examples(own, dice))
    return found


def instruction(source: Source, reports: Iterable[list[Symptom]], kind: str, dice: Random) -> str:
    """The instruction with these reports, in a random order; `kind` is a table of instructions.toml."""
    words = WORDS[kind]
    mixed = [" ".join(_sentence(one, dice) for one in examples) for examples in reports]
    dice.shuffle(mixed)
    items = "\n".join(f"{number}. {text}" for number, text in enumerate(mixed, 1))
    opening = dice.choice(words["openings"]).format(name=source.name, description=source.description, n=len(mixed))
    return "\n\n".join([opening, items, dice.choice(words["closings"])])


def _examples(own: list[Symptom], dice: Random) -> list[Symptom]:
    """The shortest examples of different calls."""
    by_call = {one["call"]: one for one in sorted(own, key=lambda one: -_length(one))}
    shortest = sorted(by_call.values(), key=lambda one: (KINDS.index(one["kind"]), _length(one), one["call"]))
    return shortest[: dice.randint(1, EXAMPLES)]


def _length(symptom: Symptom) -> int:
    return sum(map(len, symptom.values()))


def _sentence(symptom: Mapping[str, str], dice: Random) -> str:
    kind = "raises_silent" if symptom["kind"] == "raises" and "message" not in symptom else symptom["kind"]
    sentence: str = dice.choice(WORDS["sentences"][kind])
    return sentence.format(**symptom)
