"""Draws the rules of a task on each topic, and prints them into sections of the documents.

Every topic has a rule that applies and at least one that a hasty reader would follow instead: a general rule with an
exception, an amendment, a rule for another audience, or one of a later date.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import zip_longest
from random import Random
from typing import Any

from flows.domains.contract import Refused
from flows.domains.instruction_following.rules.rule import (
    ORDERS,
    PRECEDENCE,
    Reader,
    Rule,
    holding,
    winner,
    winner_again,
)
from flows.domains.instruction_following.texts.document import Document

TRIES = 60
LEAST_RULED, MOST_RULED = 2, 5
"""Documents that carry rules."""
AGE_DAYS = 30, 900
"""Days between the issue of a rule that binds and the date of the text."""


@dataclass
class Book:
    """The rules of one task."""

    draws: Random
    reader: Reader
    others: Sequence[str]
    """Audiences of other texts."""
    order: str = ""
    rules: list[Rule] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.order = self.draws.choice(ORDERS)
        self._numbers = self.draws.sample(range(100, 1000), 100)
        self.add("precedence", self.order, PRECEDENCE[self.order])

    def add(self, topic: str, value: Any, said: str) -> Rule:
        """A rule for all texts, which no other rule limits."""
        issued = self.reader.day - timedelta(days=self.draws.randint(*AGE_DAYS))
        rule = Rule(self._numbers.pop(), topic, issued, None, value, said)
        self.rules.append(rule)
        return rule

    def decide(self, topic: str, values: Sequence[Any], said: Callable[[Any], str]) -> tuple[Rule, Rule]:
        """Draw rules of a topic with different values: the one that applies, and one that it overrules.

        Raises Refused if no draw decides.
        """
        for _ in range(TRIES):
            rules = self._draw(topic, self.draws.sample(list(values), min(len(values), self.draws.randint(2, 4))), said)
            bound = holding(rules, self.reader)
            if len(bound) > 1:
                first = winner(rules, self.reader, self.order)
                if first != winner_again(rules, self.reader, self.order):
                    raise Refused("rules_differ")
                self.rules += rules
                self._numbers = self._numbers[len(rules) :]
                return first, next(one for one in bound if one is not first)
        raise Refused("rules_undecided")

    def print_into(self, documents: Sequence[Document]) -> None:
        """Append each rule to a reserved section of 2 to MOST_RULED documents, in a drawn order."""
        each = [[one for one in document.sections if one.reserved] for document in documents[:MOST_RULED]]
        places = [one for level in zip_longest(*each) for one in level if one is not None]
        if sum(map(bool, each)) < LEAST_RULED:
            raise Refused("no_place_for_rules")
        spread = [places[number % len(places)] for number in range(len(self.rules))]
        self.draws.shuffle(spread)
        for rule, place in zip(self.rules, spread, strict=True):
            place.added.append(rule.printed())

    def _draw(self, topic: str, values: Sequence[Any], said: Callable[[Any], str]) -> list[Rule]:
        audiences = [None, self.reader.audience, *self.draws.sample([*self.others, None, self.reader.audience], 2)]
        days = [self.reader.day - timedelta(days=age) for age in self.draws.sample(range(*AGE_DAYS), len(values))]
        if self.draws.random() < 1 / 3:
            days[-1] = self.reader.day + timedelta(days=self.draws.randint(5, 200))
        self.draws.shuffle(audiences)
        return [
            Rule(number, topic, day, audience, value, said(value))
            for number, day, audience, value in zip(self._numbers, days, audiences, values, strict=False)
        ]
