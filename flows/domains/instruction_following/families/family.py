"""A family of constraints: draws one, checks a delivery for it, writes what satisfies it, and gives a near miss.

A goal is JSON, so that it is stored in the hidden record and a checker is a pure function of a delivery and a goal.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from flows.domains.instruction_following.families.delivery import Delivery
from flows.domains.instruction_following.families.outline import Outline
from flows.domains.instruction_following.rules.book import Book
from flows.domains.instruction_following.texts.document import Document, Section
from flows.domains.instruction_following.texts.facts import fact

Given = Mapping[str, Any]
"""The goal of a constraint, which its checker, its writer and its near miss read."""
Goal = dict[str, Any]


@dataclass(frozen=True)
class Fact:
    """A fact of a document that a constraint rests on, to be computed again from the text."""

    document: str
    kind: str
    arguments: Sequence[Any]
    value: Any


@dataclass(frozen=True)
class Constraint:
    """A requirement of one task."""

    family: str
    goal: Goal
    said: str | None = None
    """The sentence of the instruction; None if only house rules state it."""
    facts: tuple[Fact, ...] = ()
    topics: tuple[str, ...] = ()
    """Topics of the rules that decide it."""

    @property
    def must_read(self) -> bool:
        """True if it cannot be satisfied without reading the documents."""
        return bool(self.facts or self.topics)


@dataclass
class Case:
    """The task in the making, as families see it."""

    draws: Random
    documents: list[Document]
    book: Book
    report: str
    """File name of the report."""
    sources: list[tuple[str, int]] = field(default_factory=list)
    """(document, number of its section) of each section of the report; empty if headings are free."""
    n_sections: int = 0
    names: dict[str, str] = field(default_factory=dict)
    """File names of the texts beside the report, by their kind."""

    def fact(self, document: Document, kind: str, *arguments: Any) -> Fact:
        """A fact of a document."""
        return Fact(document.name, kind, list(arguments), fact(document, kind, arguments))

    def readable(self, fits: Callable[[Section], object]) -> tuple[Document, Section] | None:
        """A section without added paragraphs, of a heading that names it alone, that fits; None if there is none."""
        found = [
            (document, one)
            for document in self.documents
            for one in document.sections
            if not one.reserved and one.heading and document.headings().count(one.heading) == 1 and fits(one)
        ]
        return self.draws.choice(found) if found else None

    def say(self, family: str, **values: Any) -> str:
        """The sentence of a constraint, in one of its wordings."""
        return str(self.draws.choice(wordings()[family])).format(report=self.report, **values)


@dataclass(frozen=True)
class Family:
    """One kind of constraint; of a `group` a task has at most one, and exactly one of the group `skeleton`."""

    name: str
    draw: Callable[[Case], Constraint | None]
    """None if the documents offer nothing for it; raises Refused."""
    check: Callable[[Delivery, Given], bool]
    write: Callable[[Outline, Given], None]
    miss: Callable[[Given, Random], Goal]
    """A goal that is nearly the same; a text that satisfies it must not satisfy the true one."""
    phase: int = 2
    """Order of writing, from 0: parts that measure others come last."""
    group: str = ""


def ruled(case: Case, name: str, values: Sequence[Any], *, say: bool = True, **given: Any) -> Constraint:
    """A constraint whose `value` the house rules decide; `overruled` is the value of a rule that does not hold.

    `wordings.toml` has the sentence of a rule under `rule_NAME`, with `value` in it. Raises Refused.
    """
    sentence = case.draws.choice(wordings()[f"rule_{name}"])
    first, other = case.book.decide(name, values, lambda value: sentence.format(value=value, **given))
    goal = {"report": case.report, "value": first.value, "overruled": other.value, **given}
    return Constraint(name, goal, case.say(name, **given) if say else None, topics=(name,))


def overruled(goal: Mapping[str, Any], draws: Random) -> Goal:
    """The goal of a reader that follows an overruled rule."""
    return replaced(goal, value=goal["overruled"])


@cache
def wordings() -> dict[str, list[str]]:
    """Sentences by family, read once."""
    return tomllib.loads(files(__package__).joinpath("wordings.toml").read_text("utf-8"))


def replaced(goal: Mapping[str, Any], **values: Any) -> Goal:
    """The goal with other values."""
    return {**goal, **values}
