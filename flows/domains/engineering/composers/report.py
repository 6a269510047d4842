"""Writes the instruction of a task as reports of users: calls with their results, and no word of tests or files."""

import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from flows.domains.contract import Refused
from flows.domains.engineering.composers.choose import Chosen
from flows.domains.engineering.measure.single import Symptom
from flows.domains.engineering.sources.allowlist import Source

WORDS = tomllib.loads((Path(__file__).parent / "instructions.toml").read_text("utf-8"))
EXAMPLES = 2
"""Examples of one problem in the instruction."""
NAMES = {"value": {}, "raises": {"exception": "error"}, "no_raise": {"exception": "missing_error"},
         "false": {"call": "condition"}}  # fmt: skip
"""Kinds of symptoms, the clearest first, each with the names of facts that mean another thing in other kinds."""
KINDS = tuple(NAMES)


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


@dataclass(frozen=True)
class Reports:
    """An instruction in parts; the sentences of a problem have {name} in the place of a fact."""

    library: str
    opening: str
    problems: tuple[str, ...]
    facts: tuple[Mapping[str, str], ...]
    """Per problem: name -> the text of a fact, such as expected1 -> 6."""
    closing: str

    def text(self) -> str:
        """The whole instruction."""
        filled = [text.format_map(facts) for text, facts in zip(self.problems, self.facts, strict=True)]
        items = "\n".join(f"{number}. {text}" for number, text in enumerate(filled, 1))
        return "\n\n".join([self.opening, items, self.closing])


def reports(source: Source, found: Iterable[list[Symptom]], kind: str, dice: Random) -> Reports:
    """The reports of these symptoms, in a random order; `kind` is a table of instructions.toml."""
    words = WORDS[kind]
    mixed = [_problem(examples, dice) for examples in found]
    dice.shuffle(mixed)
    openings = words["openings" if len(mixed) > 1 else "openings_of_one"]
    opening = dice.choice(openings).format(name=source.name, description=source.description, n=len(mixed))
    problems, facts = zip(*mixed, strict=True)
    return Reports(source.name, opening, problems, facts, dice.choice(words["closings"]))


def _problem(examples: Iterable[Symptom], dice: Random) -> tuple[str, dict[str, str]]:
    """The sentences of a problem, and their facts."""
    sentences, facts = [], dict[str, str]()
    for number, symptom in enumerate(examples, 1):
        own = NAMES[symptom["kind"]]
        names = {field: f"{own.get(field, field)}{number}" for field in symptom if field != "kind"}
        sentences.append(_sentence(symptom, dice).format_map({field: f"{{{name}}}" for field, name in names.items()}))
        facts |= {name: symptom[field] for field, name in names.items()}
    return " ".join(sentences), facts


def _examples(own: list[Symptom], dice: Random) -> list[Symptom]:
    """The shortest examples of different calls."""
    by_call = {one["call"]: one for one in sorted(own, key=lambda one: -_length(one))}
    shortest = sorted(by_call.values(), key=lambda one: (KINDS.index(one["kind"]), _length(one), one["call"]))
    return shortest[: dice.randint(1, EXAMPLES)]


def _length(symptom: Symptom) -> int:
    return sum(map(len, symptom.values()))


def _sentence(symptom: Symptom, dice: Random) -> str:
    kind = "raises_silent" if symptom["kind"] == "raises" and "message" not in symptom else symptom["kind"]
    sentence: str = dice.choice(WORDS["sentences"][kind])
    return sentence
